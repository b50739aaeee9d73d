#include "nexus/server/api.h"

#include <fmt/format.h>

#include "nexus/server/caller_rule.h"

namespace nexus::server {

Api::Api(const Parts& parts, panels::Ceiling ceiling, Versions versions)
    : probes_(parts.probes),
      versions_(std::move(versions)),
      executions_(parts.executor, parts.clock, parts.cache, parts.pool, parts.probes),
      creation_(parts.registry, executions_, std::move(ceiling)),
      panels_(parts.registry, creation_, parts.probes),
      triggers_(parts.registry, executions_, parts.probes),
      health_(versions_.program, parts.clock, parts.registry, parts.cache, parts.pool),
      metrics_{parts.probes, parts.cache, parts.pool, parts.registry, parts.ledger} {}

std::optional<Error> Api::refuse_head(const Request& request) {
  return refuse_caller(request.host, request.origin);
}

std::optional<Task<void>> Api::serve(const Request& request, Answer& answer) {
  const Route route = find_route(request.target);
  if (route.resource == Resource::kUnknown) {
    refuse({.code = ErrorCode::kNotFound, .message = fmt::format("there is nothing at {}", request.target)},
           answer);
    return std::nullopt;
  }
  if (!is_allowed(route.resource, request.method)) {
    const std::string_view allowed = allowed_methods(route.resource);
    refuse({.code = ErrorCode::kMethodNotAllowed,
            .message = fmt::format("the methods of this path are {}", allowed)},
           answer);
    answer.add_header("Allow", allowed);
    return std::nullopt;
  }
  const bool starts_work = request.method == Method::post;
  if (starts_work && stage_ == Stage::kDraining) {
    refuse({.code = ErrorCode::kShuttingDown, .message = "the server is shutting down"}, answer);
    return std::nullopt;
  }
  switch (route.resource) {
    case Resource::kTrigger:
      return trigger(route, request, answer);
    case Resource::kPanels:
      return panels_.create(request, answer);
    case Resource::kPanel:
      finish(
          request.method == Method::delete_ ? panels_.remove(route, answer) : panels_.describe(route, answer),
          answer);
      break;
    case Resource::kState:
      finish(panels_.give_state(route, answer), answer);
      break;
    case Resource::kHealth:
      health_.report(stage_, answer);
      break;
    case Resource::kLive:
      health_.live(answer);
      break;
    case Resource::kReady:
      health_.ready(stage_, answer);
      break;
    case Resource::kMetrics:
      answer.set_content_type(ContentType::kPrometheus);
      answer.body() = metrics::report(metrics_, {versions_.program, versions_.engine, versions_.interpreter});
      break;
    case Resource::kUnknown:
      break;
  }
  return std::nullopt;
}

std::optional<Task<void>> Api::trigger(const Route& route, const Request& request, Answer& answer) {
  auto call = triggers_.find_call(route, request);
  if (!call) {
    refuse(call.error(), answer);
    return std::nullopt;
  }
  const auto with_logs = has_flag(route.query, "logs") ? sandbox::WithLogs::kYes : sandbox::WithLogs::kNo;
  return triggers_.run(*std::move(call), with_logs, answer);
}

void Api::finish(const Result<void>& outcome, Answer& answer) {
  if (!outcome) refuse(outcome.error(), answer);
}

void Api::refuse(const Error& error, Answer& answer) {
  count_refusal(error.code);
  answer.refuse(error);
}

}  // namespace nexus::server
