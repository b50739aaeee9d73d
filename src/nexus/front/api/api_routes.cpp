// The table of the API's endpoints: a new endpoint is a new row.
#include <algorithm>
#include <array>

#include "nexus/front/api/api.h"
#include "nexus/front/api/error_response.h"
#include "nexus/front/api/parameters.h"
#include "nexus/front/http/websocket_upgrade.h"

namespace nexus::api {

using http::Answer;
using http::Method;
using http::Owner;
using http::Request;

// A row, and what serves it: fills the answer in now, or by the coroutine that it returns.
struct Api::Endpoint : http::Route {
  using Serve = std::optional<Task<void>> (*)(Api& api, const Request& request, Answer& answer);
  Serve serve;

  // A member of the API, or of one of its parts. What gives no coroutine has answered, or says what to refuse the request with.
  template <auto Member>
  static std::optional<Task<void>> by(Api& api, const Request& request, Answer& answer) {
    return finish(api, (api.*Member)(request, answer), answer);
  }
  template <auto Part, auto Member>
  static std::optional<Task<void>> by(Api& api, const Request& request, Answer& answer) {
    return finish(api, (api.*Part.*Member)(request, answer), answer);
  }

 private:
  static std::optional<Task<void>> finish(Api&, std::optional<Task<void>> waiting, Answer&) {
    return waiting;
  }
  static std::optional<Task<void>> finish(Api& api, const std::expected<void, Refusal>& outcome,
                                          Answer& answer) {
    if (!outcome) refuse(api.shard_.probes(), outcome.error(), answer);
    return std::nullopt;
  }
};

// The paths that are called most come first.
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
      // Probes and scrapers have no token and use whatever name they were given; what they read names no panel.
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

// All rows of the table are endpoints.
std::optional<Task<void>> Api::serve_row(const Request& request, Answer& answer) {
  return static_cast<const Endpoint*>(request.route.row)->serve(*this, request, answer);
}

std::optional<Task<void>> Api::create_panel(const Request& request, Answer& answer) {
  const auto refusal = auth::Access::refuse_definition(request);
  if (!refusal) return panels_.create(request, answer);
  refuse(shard_.probes(), {*refusal}, answer);
  return std::nullopt;
}

Task<void> Api::list_panels(const Request& request, Answer& answer) {
  const auto page = page_of(request.query());
  if (!page) co_return refuse(shard_.probes(), page.error(), answer);
  const Caller& caller = auth::caller_of(request);
  const auto lists = co_await shard_.all().ask<PanelList>([&page, &caller](shard::Shard& shard) {
    return nexus::api::list_panels(shard.registry(), *page, caller);
  });
  append_page(answer.body(), lists, *page);
}

std::expected<void, Refusal> Api::report_live(const Request&, Answer& answer) {
  health_.live(answer);
  return {};
}

std::expected<void, Refusal> Api::report_ready(const Request&, Answer& answer) {
  health_.ready(shard_.stage(), answer);
  return {};
}

std::expected<void, Refusal> Api::describe_api(const Request&, Answer& answer) {
  answer.body() = openapi_json_;
  return {};
}

// All that can be known before the connection is a WebSocket is said by HTTP, whose answers every client can tell apart.
std::expected<void, Refusal> Api::open_websocket(const Request& request, Answer& answer) {
  if (auto refusal = refuse_upgrade(request)) return std::unexpected(Refusal{*std::move(refusal)});
  if (shard_.stage() == shard::Stage::kDraining)
    return std::unexpected(
        Refusal{not_started(EndReason::kServerShutdown)});
  if (!shard_.registry().find(request.name(0)))
    return std::unexpected(Refusal{shard::panel_not_found(request.name(0))});
  const auto room = shard_.ledger().grant(budget::Kind::kBuffers, websocket::kClientBytes);
  if (!room) return std::unexpected(Refusal{room.error()});
  answer.set_status(http::kSwitchingProtocols);
  return {};
}

}  // namespace nexus::api
