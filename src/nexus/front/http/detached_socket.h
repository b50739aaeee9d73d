// A connection on its way from one loop to another. A loop's reactor has no lock, so only the loop's own thread may add
// or remove a socket; in between the socket belongs to no reactor.
#pragma once

#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <utility>

#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

// The destructor closes a socket that was not attached.
class DetachedSocket {
 public:
  // REQUIRES: called on the thread of the socket's loop.
  explicit DetachedSocket(Socket socket) {
    ErrorCondition error;
    protocol_ = socket.local_endpoint(error).protocol();
    if (!error) fd_ = socket.release(error);
    if (error) fd_ = -1;
  }
  DetachedSocket(DetachedSocket&& other) noexcept
      : protocol_(other.protocol_), fd_(std::exchange(other.fd_, -1)) {}
  DetachedSocket& operator=(DetachedSocket&&) = delete;
  ~DetachedSocket() {
    if (fd_ >= 0) ::close(fd_);
  }

  // None: the socket was lost. REQUIRES: called on the thread of the new loop.
  std::optional<Socket> attach(Executor executor) && {
    if (fd_ < 0) return std::nullopt;
    Socket socket(executor);
    ErrorCondition error;
    socket.assign(protocol_, fd_, error);
    if (error) return std::nullopt;
    fd_ = -1;
    socket.non_blocking(true, error);
    return socket;
  }

 private:
  asio::ip::tcp protocol_ = asio::ip::tcp::v4();
  int fd_ = -1;
};

}  // namespace nexus::http
