// The HTTP connections of one loop, their time, and their orderly end.
//
//   start() ──► serving ──drain()──► draining ──no call and no connection left, or the grace is over──► drained
//
// Thread safety: none; it belongs to one loop. REQUIRES: the loop does not run any more when the server is destroyed.
#pragma once

#include <cstdint>
#include <functional>
#include <list>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/front/http/connection.h"
#include "nexus/front/http/service.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

class Server {
 public:
  struct Options {
    std::uint64_t grace_ms = 25'000;
    ConnectionRules rules{};
  };

  // `service` serves the requests of the connections. All arguments must outlive the server.
  Server(Executor executor, const Clock& clock, budget::Ledger& ledger, Service& service, Backend& backend,
         Options options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // REQUIRES: called before the first add().
  void start();
  void add(Socket socket, Port port = Port::kAll);

  // Waits for running calls to end, at most for the grace; then calls `drained`, and the loop has no work left for this
  // server.
  void drain(std::move_only_function<void()> drained);

  Executor executor() const { return executor_; }
  std::size_t connections() const { return connections_.size() + backend_.connections(); }

 private:
  Task<void> keep_time();
  void tick();
  void check_drained();

  Executor executor_;
  const Clock& clock_;
  budget::Ledger& ledger_;
  Service& service_;
  Backend& backend_;
  Options options_;
  Timer timer_;
  LoopTime time_;
  std::list<Connection> connections_;
  std::move_only_function<void()> drained_;
  std::int64_t drain_until_ms_ = 0;
  std::int64_t close_until_ms_ = 0;
  bool is_stopped_ = false;
};

}  // namespace nexus::http
