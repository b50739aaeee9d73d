// The calls of the API: from a request to the resource that it is about.
#pragma once

#include <functional>
#include <string>

#include "nexus/metrics/memory_facts.h"
#include "nexus/metrics/report.h"
#include "nexus/server/access.h"
#include "nexus/server/all_loops.h"
#include "nexus/server/automation.h"
#include "nexus/server/execution_resource.h"
#include "nexus/server/health_resource.h"
#include "nexus/server/http_labels.h"
#include "nexus/server/panel_list.h"
#include "nexus/server/panels_resource.h"
#include "nexus/server/service.h"
#include "nexus/server/trigger_resource.h"
#include "nexus/server/websockets.h"

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
class Api final : public Service {
 public:
  // What the resources work on; all of it must outlive the Api.
  struct Parts {
    const AllLoops& loops;
    const Clock& clock;
    panels::Registry& registry;
    handlers::HandlerCache& cache;
    const handlers::DiskCache* disk_cache;  // null: there is none
    pool::InstancePool& pool;
    budget::Ledger& ledger;
    metrics::Probes& probes;
    sandbox::Runtime& runtime;
    const metrics::MemorySource& memory;
  };
  struct Options {
    AccessOptions access{};
    Admission::Options admission{};
    std::span<extensions::Extension* const> extensions{};  // must outlive it
    std::uint64_t suspension_ttl_ms = 300'000;
    std::uint64_t sync_wait_ms = 55'000;
    SocketOptions sockets{};
    std::string_view openapi_json{};  // valid as long as the process
  };
  Api(const Parts& parts, panels::Ceiling ceiling, Versions versions, Options options);

  std::optional<Error> refuse_head(Request& request) override;
  std::optional<Task<void>> serve(const Request& request, Answer& answer) override;
  void add_headers(const Request& request, Answer& answer) override;
  Error count_refusal(Error error) override { return probes_.refused(std::move(error)); }
  void count_answer(const Request& request, unsigned status) override {
    probes_.http.record(labels_of(request, status));
  }

  void take_over(Upgrade upgrade) override { sockets_.add(std::move(upgrade)); }

  // What this loop has, for those who put it together with what the others have.
  metrics::Snapshot snapshot() const { return metrics::collect(sources_); }
  // For those who ask seldom: all handlers of the cache are looked at.
  metrics::Snapshot snapshot_with_handlers() const;
  // Of those that run or were called last, at most so many: first those that hold the most bytes, then those that have needed
  // them. Some tens of microseconds.
  std::vector<metrics::HandlerUse> hungriest(std::size_t count) const;
  PanelList panels(const Page& page, const Caller& caller) const;

  WebSockets& sockets() { return sockets_; }
  Automation& automation() { return automation_; }

  // For panels that don't come by HTTP.
  PanelCreation& creation() { return creation_; }

  // See Admission.
  void reclaim(std::uint64_t bytes) { executions_.reclaim(bytes); }
  // When nothing runs any more: gives up, a few at a time, the instances that a storm has left, and the images of handlers
  // that no panel has. False: there is nothing left to do.
  bool tidy();

  // About every 100 ms.
  void tick() {
    executions_.tick();
    triggers_.tick();
    probes_.admission.tick(executions_.clock().monotonic_ms());
  }

  // As Executions::hurry(). Thread-safe.
  void hurry() { executions_.hurry(); }

  void set_stage(Stage stage) { stage_ = stage; }
  // No more work is taken, and nothing waits any more.
  void drain() {
    stage_ = Stage::kDraining;
    automation_.stop();
    executions_.drain();
  }
  // Ends all executions that still run.
  void abort() { executions_.abort(); }

 private:
  std::optional<Task<void>> dispatch(const Request& request, Answer& answer);
  Task<void> add_headers_after(Task<void> work, const Request& request, Answer& answer);
  Task<void> list(std::string_view query, const Caller& caller, Answer& answer);
  Task<void> report_health(Answer& answer);
  Task<void> report_metrics(Answer& answer);
  Task<void> report_memory(std::string_view query, Answer& answer);
  std::vector<metrics::HandlerUse> handlers(std::size_t most) const;
  Task<metrics::Snapshot> sum_of_all_loops(std::function<metrics::Snapshot(Api&)> one_loop) const;
  std::optional<Task<void>> trigger(const Route& route, const Request& request, Answer& answer);
  PanelsResource::Outcome remove(const Route& route, const Request& request, Answer& answer);
  std::optional<Error> refuse_socket(const Route& route, const Request& request) const;
  void finish(const PanelsResource::Outcome& outcome, Answer& answer);

  const AllLoops& loops_;
  metrics::Probes& probes_;
  Versions versions_;
  std::string_view openapi_json_;
  Access access_;
  Audience audience_;
  Executions executions_;
  Automation automation_;
  PanelCreation creation_;
  PanelsResource panels_;
  ExecutionResource waiting_;
  TriggerResource triggers_;
  WebSockets sockets_;
  HealthResource health_;
  metrics::Sources sources_;
  const handlers::DiskCache* disk_cache_;
  budget::Ledger& ledger_;
  const metrics::MemorySource& memory_;
  Stage stage_ = Stage::kStarting;
};

}  // namespace nexus::server
