// The table of the API's endpoints: a new endpoint is a new row.
#include <array>

#include "nexus/front/api/api.h"
#include "nexus/front/api/parameters.h"
#include "nexus/front/api/refuse.h"
#include "nexus/front/http/websocket_upgrade.h"

namespace nexus::api {

using http::Method;
using http::Owner;
using http::Request;
using http::Response;

// A row and its function, which fills the response in before it returns, or in the returned coroutine.
struct Api::Endpoint : http::Route {
  using Serve = std::optional<Task<void>> (*)(Api& api, const Request& request, Response& response);
  Serve serve;

  // Wraps a member function of the API or of one of its resources. A member that returns no coroutine has responded, or
  // returns the error to respond with.
  template <auto Member>
  static std::optional<Task<void>> by(Api& api, const Request& request, Response& response) {
    return finish(api, (api.*Member)(request, response), response);
  }
  template <auto Part, auto Member>
  static std::optional<Task<void>> by(Api& api, const Request& request, Response& response) {
    return finish(api, (api.*Part.*Member)(request, response), response);
  }

 private:
  static std::optional<Task<void>> finish(Api&, std::optional<Task<void>> waiting, Response&) {
    return waiting;
  }
  static std::optional<Task<void>> finish(Api& api, const std::expected<void, ErrorResponse>& outcome,
                                          Response& response) {
    if (!outcome) refuse(api.shard_.probes(), outcome.error(), response);
    return std::nullopt;
  }
};

// The most frequent paths come first.
std::span<const Api::Endpoint> Api::endpoints() {
  constexpr auto kNoScope = std::nullopt;
  constexpr bool kOpen = true, kWebSocket = true;
  using E = Endpoint;
  // clang-format off
  static constexpr auto kTable = std::to_array<Endpoint>({
      {{Method::post, "/panels/:id/trigger/:tool", Owner::kPanel, Scope::kTrigger}, E::by<&Api::triggers_, &TriggerResource::trigger>},
      {{Method::get, "/panels/:id/state", Owner::kPanel, Scope::kRead}, E::by<&Api::panels_, &PanelsResource::give_state>},
      {{Method::get, "/panels/:id", Owner::kPanel, Scope::kRead}, E::by<&Api::panels_, &PanelsResource::describe>},
      {{Method::put, "/panels/:id", Owner::kPanel, Scope::kWrite}, E::by<&Api::panels_, &PanelsResource::put>},
      {{Method::delete_, "/panels/:id", Owner::kPanel, Scope::kWrite}, E::by<&Api::panels_, &PanelsResource::remove>},
      {{Method::get, "/panels/:id/ws", Owner::kPanel, Scope::kRead, !kOpen, kWebSocket}, E::by<&Api::open_websocket>},
      {{Method::get, "/panels", Owner::kAnyLoop, Scope::kRead}, E::by<&Api::list_panels>},
      {{Method::post, "/panels", Owner::kPanelOfBody, Scope::kWrite}, E::by<&Api::create_panel>},
      {{Method::get, "/executions/:id", Owner::kExecution, Scope::kRead}, E::by<&Api::waiting_, &ExecutionResource::describe>},
      {{Method::delete_, "/executions/:id", Owner::kExecution, Scope::kTrigger}, E::by<&Api::waiting_, &ExecutionResource::cancel>},
      {{Method::get, "/executions", Owner::kPanelOfQuery, Scope::kRead}, E::by<&Api::waiting_, &ExecutionResource::list>},
      {{Method::post, "/suspensions/:id/resume", Owner::kSuspension, Scope::kResume}, E::by<&Api::waiting_, &ExecutionResource::resume>},
      {{Method::get, "/suspensions", Owner::kPanelOfQuery, Scope::kRead}, E::by<&Api::waiting_, &ExecutionResource::list_suspensions>},
      // Probes and scrapers have no token and may use any Host. These responses contain no ids of panels.
      {{Method::get, "/health", Owner::kAnyLoop, kNoScope, kOpen}, E::by<&Api::report_health>},
      {{Method::get, "/health/live", Owner::kAnyLoop, kNoScope, kOpen}, E::by<&Api::report_live>},
      {{Method::get, "/health/ready", Owner::kAnyLoop, kNoScope, kOpen}, E::by<&Api::report_ready>},
      {{Method::get, "/metrics", Owner::kAnyLoop, kNoScope, kOpen}, E::by<&Api::report_metrics>},
      {{Method::get, "/openapi.json", Owner::kAnyLoop, kNoScope, kOpen}, E::by<&Api::describe_api>},
      {{Method::get, "/runtime/memory", Owner::kAnyLoop, Scope::kAdmin}, E::by<&Api::report_memory>},
  });
  // clang-format on
  return kTable;
}

http::Routes Api::table() {
  static const std::vector<const http::Route*> kRows = [] {
    std::vector<const http::Route*> rows;
    for (const Endpoint& endpoint : endpoints())
      rows.push_back(&endpoint);
    return rows;
  }();
  return kRows;
}

// REQUIRES: the row is one of endpoints().
std::optional<Task<void>> Api::serve_row(const Request& request, Response& response) {
  return static_cast<const Endpoint*>(request.route.row)->serve(*this, request, response);
}

std::optional<Task<void>> Api::create_panel(const Request& request, Response& response) {
  const auto refusal = auth::Authorizer::refuse_definition(request);
  if (!refusal) return panels_.create(request, response);
  refuse(shard_.probes(), {*refusal}, response);
  return std::nullopt;
}

Task<void> Api::list_panels(const Request& request, Response& response) {
  const auto page = page_of(request.query());
  if (!page) co_return refuse(shard_.probes(), page.error(), response);
  const Principal& principal = auth::principal_of(request);
  const auto lists = co_await shard_.all().collect<PanelList>([&page, &principal](shard::Shard& shard) {
    return nexus::api::list_panels(shard.registry(), *page, principal);
  });
  append_page(response.body(), lists, *page);
}

std::expected<void, ErrorResponse> Api::report_live(const Request&, Response& response) {
  health_.live(response);
  return {};
}

std::expected<void, ErrorResponse> Api::report_ready(const Request&, Response& response) {
  health_.ready(shard_.stage(), response);
  return {};
}

std::expected<void, ErrorResponse> Api::describe_api(const Request&, Response& response) {
  response.body() = openapi_json_;
  return {};
}

// Everything that can fail before the upgrade fails here as an HTTP error, which every client can read.
std::expected<void, ErrorResponse> Api::open_websocket(const Request& request, Response& response) {
  if (auto refusal = refuse_upgrade(request)) return std::unexpected(ErrorResponse{*std::move(refusal)});
  if (shard_.stage() == shard::Stage::kDraining)
    return std::unexpected(ErrorResponse{not_started(EndReason::kServerShutdown)});
  if (!shard_.registry().find(request.name(0)))
    return std::unexpected(ErrorResponse{executions::panel_not_found(request.name(0))});
  const auto room = shard_.ledger().grant(budget::Kind::kBuffers, websocket::kClientBytes);
  if (!room) return std::unexpected(ErrorResponse{room.error()});
  response.set_status(http::kSwitchingProtocols);
  return {};
}

}  // namespace nexus::api
