// Listens, accepts, keeps the time for all connections of a loop, and ends in good order.
//
//   listen() ──► serving ──drain()──► draining ──no call and no connection left, or the grace is over──► drained
//
// Thread safety: none; it belongs to one loop, which must not run any more when it is destroyed.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include "nexus/base/clock.h"
#include "nexus/base/error.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/server/api.h"
#include "nexus/server/connection.h"
#include "nexus/server/loop.h"

namespace nexus::server {

struct ServerOptions {
  std::string host = "127.0.0.1";  // an IP address, or localhost
  std::uint16_t port = 0;          // 0: the kernel chooses
  std::uint64_t grace_ms = 25'000;
  ConnectionRules rules{};
};

class Server {
 public:
  Server(Executor executor, const Clock& clock, Api& api, pool::InstancePool& pool, ServerOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Opens the port; connections are accepted as soon as the loop runs. The error names the address and the reason, and
  // HTTP_PORT when it is taken.
  Result<void> listen();
  std::string url() const;  // "http://127.0.0.1:3000". REQUIRES: listen() succeeded

  // Accepts nothing more and lets what runs end, at most for the grace; then calls `drained`, after which the loop
  // has nothing left to do for this server.
  void drain(std::move_only_function<void()> drained);

 private:
  Task<void> accept();
  Task<void> keep_time();
  void add(Socket socket);
  void tick();
  void check_drained();

  Executor executor_;
  const Clock& clock_;
  Api& api_;
  pool::InstancePool& pool_;
  ServerOptions options_;
  Acceptor acceptor_;
  Timer timer_;
  LoopTime time_;
  std::list<Connection> connections_;
  std::move_only_function<void()> drained_;
  std::int64_t drain_until_ms_ = 0;
  std::int64_t close_until_ms_ = 0;
  bool is_pool_empty_ = false;
  bool is_stopped_ = false;
};

}  // namespace nexus::server
