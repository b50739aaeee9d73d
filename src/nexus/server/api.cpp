#include "nexus/server/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "nexus/server/cors.h"
#include "nexus/server/memory_resource.h"
#include "nexus/server/query.h"
#include "nexus/server/visible_panels.h"

namespace nexus::server {

Api::Api(const Parts& parts, panels::Ceiling ceiling, Versions versions, Options options)
    : loops_(parts.loops),
      probes_(parts.probes),
      versions_(std::move(versions)),
      openapi_json_(options.openapi_json),
      access_(std::move(options.access), parts.clock),
      audience_(parts.ledger, parts.probes),
      executions_(parts.loops.executor(), parts.clock, parts.ledger, parts.cache, parts.pool, parts.probes,
                  parts.runtime, audience_, options.admission,
                  {options.extensions, options.suspension_ttl_ms, parts.loops.size(), parts.loops.own()}),
      automation_(parts.loops, parts.clock, executions_, parts.ledger, parts.probes),
      creation_(parts.registry, executions_, automation_, std::move(ceiling)),
      panels_(parts.registry, creation_, parts.probes, audience_, options.sockets.trust),
      waiting_(executions_, parts.probes, std::chrono::milliseconds(options.sync_wait_ms)),
      triggers_(parts.registry, executions_, waiting_, parts.probes, parts.ledger),
      sockets_({.executor = parts.loops.executor(),
                .clock = parts.clock,
                .ledger = parts.ledger,
                .audience = audience_,
                .triggers = triggers_,
                .executions = executions_,
                .probes = parts.probes,
                .body_limit_bytes = options.sockets.body_limit_bytes},
               parts.registry),
      health_(versions_.program, parts.clock),
      sources_{parts.probes, parts.cache, parts.pool, parts.registry},
      disk_cache_(parts.disk_cache),
      ledger_(parts.ledger),
      memory_(parts.memory) {
  executions_.watch([this](const ToolCall& cause, const sandbox::Journal& journal) {
    automation_.committed(cause, journal);
  });
}

std::optional<Error> Api::refuse_head(Request& request) {
  auto caller = access_.admit(request);
  if (caller) {
    request.caller = *std::move(caller);
    return std::nullopt;
  }
  request.challenge = Access::challenge_of(request, caller.error());
  return std::move(caller).error();
}

void Api::add_headers(const Request& request, Answer& answer) {
  if (!request.challenge.empty()) answer.set_challenge(request.challenge);
  add_cors_headers(access_.rule(), request, answer);
}

std::optional<Task<void>> Api::serve(const Request& request, Answer& answer) {
  auto waiting = dispatch(request, answer);
  if (!waiting) {
    add_headers(request, answer);
  } else if (access_.rule().allows_origins()) {
    return add_headers_after(*std::move(waiting), request, answer);
  }
  return waiting;
}

Task<void> Api::add_headers_after(Task<void> work, const Request& request, Answer& answer) {
  co_await std::move(work);
  add_headers(request, answer);
}

std::optional<Task<void>> Api::dispatch(const Request& request, Answer& answer) {
  const Route route = find_route(request.target);
  if (route.resource == Resource::kUnknown) {
    refuse(probes_,
           {{.code = ErrorCode::kNotFound,
             .message = fmt::format("there is nothing at {}", masked(request.target))}},
           answer);
    return std::nullopt;
  }
  if (is_preflight(request)) {
    answer_preflight(route, answer);
    return std::nullopt;
  }
  if (!is_allowed(route.resource, request.method)) {
    const std::string_view allowed = allowed_methods(route.resource);
    refuse(probes_,
           {{.code = ErrorCode::kMethodNotAllowed,
             .message = fmt::format("the methods of this path are {}", allowed)}},
           answer);
    answer.add_header("Allow", allowed);
    return std::nullopt;
  }
  const bool starts_work = request.method == Method::post || request.method == Method::put;
  if (starts_work && stage_ == Stage::kDraining) {
    refuse(probes_, {{.code = ErrorCode::kShuttingDown, .message = "the server is shutting down"}}, answer);
    return std::nullopt;
  }
  switch (route.resource) {
    case Resource::kTrigger:
      return trigger(route, request, answer);
    case Resource::kSocket:
      if (const auto refusal = refuse_socket(route, request)) {
        refuse(probes_, {*refusal}, answer);
      } else {
        answer.set_status(kSwitchingProtocols);
      }
      break;
    case Resource::kPanels:
      if (request.method == Method::post) {
        const auto refusal = Access::refuse_definition(request);
        if (!refusal) return panels_.create(request, answer);
        refuse(probes_, {*refusal}, answer);
        break;
      }
      return list(route.query, caller_of(request), answer);
    case Resource::kPanel:
      if (request.method == Method::put) return panels_.put(route, request, answer);
      finish(request.method == Method::delete_ ? remove(route, request, answer)
                                               : panels_.describe(route, request, answer),
             answer);
      break;
    case Resource::kState:
      finish(panels_.give_state(route, request, answer), answer);
      break;
    case Resource::kHealth:
      return report_health(answer);
    case Resource::kLive:
      health_.live(answer);
      break;
    case Resource::kReady:
      health_.ready(stage_, answer);
      break;
    case Resource::kMetrics:
      return report_metrics(answer);
    case Resource::kMemory:
      return report_memory(route.query, answer);
    case Resource::kExecutions:
      finish(waiting_.list(route, request, answer), answer);
      break;
    case Resource::kExecution:
      if (request.method != Method::delete_) return waiting_.describe(route, request, answer);
      finish(waiting_.cancel(route, request, answer), answer);
      break;
    case Resource::kSuspensions:
      finish(waiting_.list_suspensions(route, request, answer), answer);
      break;
    case Resource::kResume:
      return waiting_.resume(route, request, answer);
    case Resource::kDescription:
      answer.body() = openapi_json_;
      break;
    case Resource::kUnknown:
      break;
  }
  return std::nullopt;
}

PanelList Api::panels(const Page& page, const Caller& caller) const {
  return caller.may_see_all() ? list_panels(sources_.registry, page)
                              : list_visible_panels(sources_.registry, page, caller);
}

Task<void> Api::list(std::string_view query, const Caller& caller, Answer& answer) {
  const auto page = page_of(query);
  if (!page) {
    finish(std::unexpected(page.error()), answer);
    co_return;
  }
  const auto lists =
      co_await loops_.ask<PanelList>([&page, &caller](Api& api) { return api.panels(*page, caller); });
  append_page(answer.body(), lists, *page);
}

Task<metrics::Snapshot> Api::sum_of_all_loops(std::function<metrics::Snapshot(Api&)> one_loop) const {
  metrics::Snapshot sum;
  const auto all = co_await loops_.ask<metrics::Snapshot>(std::move(one_loop));
  for (const metrics::Snapshot& one : all)
    sum.add(one);
  co_return sum;
}

std::vector<metrics::HandlerUse> Api::handlers(std::size_t most) const {
  auto handlers = metrics::collect_handlers(sources_.cache, most);
  std::ranges::move(executions_.running().uses(), std::back_inserter(handlers));
  return handlers;
}

metrics::Snapshot Api::snapshot_with_handlers() const {
  metrics::Snapshot snapshot = metrics::collect(sources_);
  snapshot.handlers = handlers(SIZE_MAX);
  return snapshot;
}

std::vector<metrics::HandlerUse> Api::hungriest(std::size_t count) const {
  constexpr std::size_t kLatest = 256;
  return metrics::top_handlers(handlers(kLatest), metrics::HandlerOrder::kHeld, count);
}

Task<void> Api::report_health(Answer& answer) {
  health_.report(stage_, co_await sum_of_all_loops(&Api::snapshot), answer);
}

Task<void> Api::report_metrics(Answer& answer) {
  const metrics::Snapshot sum = co_await sum_of_all_loops(&Api::snapshot);
  answer.set_content_type(ContentType::kPrometheus);
  const auto disk = disk_cache_ != nullptr ? disk_cache_->stats() : handlers::DiskCacheStats();
  answer.body() = metrics::report(sum, disk, {versions_.program, versions_.engine, versions_.interpreter},
                                  metrics::look_at_process(), memory_.look());
}

Task<void> Api::report_memory(std::string_view query, Answer& answer) {
  const auto order = handler_order_of(query);
  if (!order) {
    finish(std::unexpected(order.error()), answer);
    co_return;
  }
  const metrics::Snapshot sum = co_await sum_of_all_loops(&Api::snapshot_with_handlers);
  append_memory(answer.body(), memory_.look(), sum, *order);
}

std::optional<Task<void>> Api::trigger(const Route& route, const Request& request, Answer& answer) {
  auto call = triggers_.find_call(route, request);
  if (!call) {
    finish(std::unexpected(std::move(call.error())), answer);
    return std::nullopt;
  }
  return triggers_.run(*std::move(call), request, logs_of(route.query), answer);
}

PanelsResource::Outcome Api::remove(const Route& route, const Request& request, Answer& answer) {
  const auto panel = sources_.registry.find(route.panel);
  auto removed = panels_.remove(route, request, answer);
  if (removed && panel != nullptr) {
    automation_.remove(*panel);
    executions_.cancel_all_of(*panel);
  }
  return removed;
}

// Everything that can be known before it is a WebSocket is said by HTTP, whose answers every client can tell apart.
std::optional<Error> Api::refuse_socket(const Route& route, const Request& request) const {
  if (auto refusal = refuse_upgrade(request)) return refusal;
  if (stage_ == Stage::kDraining)
    return Error{.code = ErrorCode::kShuttingDown, .message = "the server is shutting down"};
  if (!sources_.registry.find(route.panel)) return panel_not_found(route.panel);
  const auto room = ledger_.grant(budget::Kind::kBuffers, kClientBytes);
  return room ? std::nullopt : std::optional(room.error());
}

bool Api::tidy() {
  if (executions_.renew_instances()) return true;
  const auto panels = sources_.registry.page({}, sources_.registry.size());
  std::unordered_set<std::string_view> sources;
  for (const auto& panel : panels) {
    for (const panels::Tool& tool : panel->definition()->tools)
      sources.insert(tool.handler);
  }
  executions_.keep_only(sources);
  return false;
}

void Api::finish(const PanelsResource::Outcome& outcome, Answer& answer) {
  if (!outcome) refuse(probes_, outcome.error(), answer);
}

}  // namespace nexus::server
