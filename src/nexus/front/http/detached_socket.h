// A connection on its way from one loop to another. A loop's reactor has no lock, so only the loop's own thread may add
// or remove a socket; in between the socket belongs to no reactor.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>

#include "nexus/foundation/base/descriptor.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

// The destructor closes a socket that was not attached.
class DetachedSocket {
 public:
  // REQUIRES: called on the thread of the socket's loop.
  explicit DetachedSocket(Socket socket) {
    ErrorCondition error;
    protocol_ = socket.local_endpoint(error).protocol();
    if (error) return;
    const int released = socket.release(error);
    if (!error) descriptor_ = Descriptor(released);
  }

  // None: the socket was lost. REQUIRES: called on the thread of the new loop.
  std::optional<Socket> attach(Executor executor) && {
    if (!descriptor_) return std::nullopt;
    Socket socket(executor);
    ErrorCondition error;
    socket.assign(protocol_, *descriptor_, error);
    if (error) return std::nullopt;
    descriptor_.release();
    socket.non_blocking(true, error);
    return socket;
  }

 private:
  asio::ip::tcp protocol_ = asio::ip::tcp::v4();
  Descriptor descriptor_;
};

}  // namespace nexus::http
