// The calls of the API on one loop: from a request to the resource that it is about.
#pragma once

#include <functional>
#include <string>

#include "nexus/front/api/execution_resource.h"
#include "nexus/front/api/health_resource.h"
#include "nexus/front/api/panel_list.h"
#include "nexus/front/api/panels_resource.h"
#include "nexus/front/api/trigger_resource.h"
#include "nexus/front/auth/access.h"
#include "nexus/front/http/http_labels.h"
#include "nexus/front/http/service.h"
#include "nexus/front/websocket/websockets.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/runtime/exposition/report.h"
#include "nexus/runtime/shard/shard.h"

namespace nexus::server {

// What WebSockets need to know of the configuration.
struct SocketOptions {
  std::uint64_t body_limit_bytes = 1 << 20;
  ProxyTrust trust = ProxyTrust::kNone;
};

struct Versions {
  std::string program, engine, interpreter;
};

// Thread safety: none; it belongs to one loop.
class Api final : public Service, public Backend {
 public:
  struct Options {
    AccessOptions access{};
    std::uint64_t sync_wait_ms = 55'000;
    SocketOptions sockets{};
    std::string_view openapi_json{};  // valid as long as the process
  };
  // `shard` and `memory` must outlive it.
  Api(Shard& shard, const metrics::MemorySource& memory, Versions versions, Options options);

  // ---- Service ----
  std::optional<Error> refuse_head(Request& request) override;
  std::optional<Task<void>> serve(const Request& request, Answer& answer) override;
  void add_headers(const Request& request, Answer& answer) override;
  Error count_refusal(Error error) override { return shard_.probes().refused(std::move(error)); }
  void count_answer(const Request& request, unsigned status) override {
    shard_.probes().http.record(labels_of(request, status));
  }
  void take_over(Upgrade upgrade) override { sockets_.add(std::move(upgrade)); }

  // ---- Backend: the shard, and the connections that are WebSockets ----
  void tick(std::int64_t now_ms) override;
  void drain(std::function<void()> progressed) override;
  void abort() override { shard_.abort(); }
  bool is_idle() const override { return is_shard_at_rest_ && sockets_.is_idle(); }
  std::size_t connections() const override { return sockets_.size(); }

  WebSockets& sockets() { return sockets_; }
  // As Shard::hurry(). Thread-safe.
  void hurry() { shard_.hurry(); }

 private:
  std::optional<Task<void>> dispatch(const Request& request, Answer& answer);
  Task<void> add_headers_after(Task<void> work, const Request& request, Answer& answer);
  Task<void> list(std::string_view query, const Caller& caller, Answer& answer);
  Task<void> report_health(Answer& answer);
  Task<void> report_metrics(Answer& answer);
  Task<void> report_memory(std::string_view query, Answer& answer);
  Task<metrics::Snapshot> sum_of_all_loops(std::function<metrics::Snapshot(Shard&)> one_loop) const;
  std::optional<Error> refuse_socket(const Route& route, const Request& request) const;
  void finish(const PanelsResource::Outcome& outcome, Answer& answer);

  Shard& shard_;
  const metrics::MemorySource& memory_;
  Versions versions_;
  std::string_view openapi_json_;
  Access access_;
  PanelsResource panels_;
  ExecutionResource waiting_;
  TriggerResource triggers_;
  WebSockets sockets_;
  HealthResource health_;
  bool is_shard_at_rest_ = false;
};

}  // namespace nexus::server
