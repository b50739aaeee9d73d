// A listening port: accepts connections and gives them to the loops in turn.
//
// Thread safety: none; it belongs to one of the loops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/front/http/server.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

class Listener {
 public:
  struct Options {
    std::string host = "127.0.0.1";  // an IP address, or localhost
    std::uint16_t port = 0;          // 0: the kernel chooses
    Port serves = Port::kAll;
  };

  // `executor`: of the listener's own loop. The servers must outlive all work that the loops still have for the
  // listener.
  Listener(Executor executor, std::vector<Server*> servers, Options options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Opens the port; the loop accepts connections once it runs. The error has the address, the reason, and HTTP_PORT or
  // WS_PORT when the port is taken.
  Result<void> listen();
  std::string url() const;  // "http://127.0.0.1:3000", "ws://127.0.0.1:3001". REQUIRES: listen() succeeded
  // Accepts the connections that are already in the kernel's queue, and no further ones.
  void close();

 private:
  std::string_view setting() const { return options_.serves == Port::kAll ? "HTTP_PORT" : "WS_PORT"; }
  Task<void> accept();
  Server& next() const { return *servers_[next_]; }
  void hand_over(Socket socket);  // runs on the listener's loop and gives the socket to next()

  Executor executor_;
  std::vector<Server*> servers_;
  Options options_;
  Acceptor acceptor_;
  std::size_t next_ = 0;
};

}  // namespace nexus::http
