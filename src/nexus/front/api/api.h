// The HTTP API of one loop: passes each request to its resource.
#pragma once

#include <expected>
#include <functional>
#include <span>
#include <string>

#include "nexus/front/api/execution_resource.h"
#include "nexus/front/api/health_resource.h"
#include "nexus/front/api/panel_list.h"
#include "nexus/front/api/panels_resource.h"
#include "nexus/front/api/trigger_resource.h"
#include "nexus/front/auth/authorizer.h"
#include "nexus/front/http/http_labels.h"
#include "nexus/front/http/service.h"
#include "nexus/front/websocket/websockets.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/runtime/exposition/report.h"
#include "nexus/runtime/shard/shard.h"

namespace nexus::api {

// The configuration of WebSockets.
struct SocketOptions {
  std::uint64_t body_limit_bytes = 1 << 20;
  http::ProxyTrust trust = http::ProxyTrust::kNone;
};

struct Versions {
  std::string program, engine, interpreter;
};

// Thread safety: none; it belongs to one loop.
class Api final : public http::Service, public http::Backend {
 public:
  struct Options {
    auth::AuthorizerOptions authorizer{};
    std::uint64_t sync_wait_ms = 55'000;
    SocketOptions sockets{};
    std::string_view openapi_json{};  // valid until the process ends
  };
  // `shard` and `memory` must outlive it.
  Api(shard::Shard& shard, const exposition::MemorySource& memory, Versions versions, Options options);

  // The table of all endpoints.
  static http::Routes table();

  // ---- Service ----
  http::Routes routes() const override { return table(); }
  std::optional<Error> refuse_head(http::Request& request) override;
  std::optional<Task<void>> serve(const http::Request& request, http::Response& response) override;
  void add_headers(const http::Request& request, http::Response& response) override;
  Error count_refusal(Error error) override { return shard_.probes().refused(std::move(error)); }
  void count_response(const http::Request& request, unsigned status) override {
    shard_.probes().http.record(labels_of(request, status));
  }
  void take_over(http::Upgrade upgrade) override { sockets_.add(std::move(upgrade)); }

  // ---- Backend: the shard and the WebSocket clients ----
  void tick(std::int64_t now_ms) override;
  void drain(std::function<void()> progressed) override;
  void abort() override { shard_.abort(); }
  bool is_idle() const override { return is_shard_at_rest_ && sockets_.is_idle(); }
  std::size_t connections() const override { return sockets_.size(); }

  websocket::WebSockets& sockets() { return sockets_; }
  // As Shard::preempt(). Thread-safe.
  void preempt() { shard_.preempt(); }

 private:
  struct Endpoint;
  static std::span<const Endpoint> endpoints();

  std::optional<Task<void>> dispatch(const http::Request& request, http::Response& response);
  std::optional<Task<void>> serve_row(const http::Request& request, http::Response& response);
  Task<void> add_headers_after(Task<void> work, const http::Request& request, http::Response& response);
  // The function of one row of the table. It behaves as Service::serve(), or returns the error to respond with.
  std::optional<Task<void>> create_panel(const http::Request& request, http::Response& response);
  Task<void> list_panels(const http::Request& request, http::Response& response);
  std::expected<void, ErrorResponse> open_websocket(const http::Request& request, http::Response& response);
  Task<void> report_health(const http::Request& request, http::Response& response);
  std::expected<void, ErrorResponse> report_live(const http::Request& request, http::Response& response);
  std::expected<void, ErrorResponse> report_ready(const http::Request& request, http::Response& response);
  Task<void> report_metrics(const http::Request& request, http::Response& response);
  std::expected<void, ErrorResponse> describe_api(const http::Request& request, http::Response& response);
  Task<void> report_memory(const http::Request& request, http::Response& response);

  Task<exposition::Snapshot> sum_of_all_loops(
      std::function<exposition::Snapshot(shard::Shard&)> one_loop) const;

  shard::Shard& shard_;
  const exposition::MemorySource& memory_;
  Versions versions_;
  std::string_view openapi_json_;
  auth::Authorizer authorizer_;
  PanelsResource panels_;
  ExecutionResource waiting_;
  TriggerResource triggers_;
  websocket::WebSockets sockets_;
  HealthResource health_;
  bool is_shard_at_rest_ = false;
};

}  // namespace nexus::api
