#include "nexus/front/api/api.h"

#include <fmt/format.h>

#include "nexus/front/api/memory_resource.h"
#include "nexus/front/api/refuse.h"
#include "nexus/front/auth/cors.h"

namespace nexus::api {

Api::Api(shard::Shard& shard, const exposition::MemorySource& memory, Versions versions, Options options)
    : shard_(shard),
      memory_(memory),
      versions_(std::move(versions)),
      openapi_json_(options.openapi_json),
      authorizer_(std::move(options.authorizer), shard.clock()),
      panels_(shard.registry(), shard.panels(), shard.probes(), options.sockets.trust),
      waiting_(shard.executions(), shard.probes(), std::chrono::milliseconds(options.sync_wait_ms)),
      triggers_(shard.tool_calls(), shard.executions(), shard.idempotency(), waiting_, shard.probes()),
      sockets_({.executor = shard.loop().get_executor(),
                .clock = shard.clock(),
                .ledger = shard.ledger(),
                .subscribers = shard.subscribers(),
                .calls = shard.tool_calls(),
                .executions = shard.executions(),
                .probes = shard.probes(),
                .body_limit_bytes = options.sockets.body_limit_bytes},
               shard.registry()),
      health_(versions_.program, shard.clock()) {}

void Api::tick(std::int64_t now_ms) {
  sockets_.tick(now_ms);
  shard_.tick();
}

void Api::drain(std::function<void()> progressed) {
  shard_.drain([this, progressed = std::move(progressed)] {
    is_shard_at_rest_ = true;
    progressed();
  });
  sockets_.drain();
}

std::optional<Error> Api::refuse_head(http::Request& request) {
  auto principal = authorizer_.admit(request);
  if (principal) {
    request.principal = *std::move(principal);
    return std::nullopt;
  }
  request.challenge = auth::Authorizer::challenge_of(request, principal.error());
  return std::move(principal).error();
}

void Api::add_headers(const http::Request& request, http::Response& response) {
  if (!request.challenge.empty()) response.set_challenge(request.challenge);
  add_cors_headers(authorizer_.policy(), request, response);
}

std::optional<Task<void>> Api::serve(const http::Request& request, http::Response& response) {
  auto waiting = dispatch(request, response);
  if (!waiting) {
    add_headers(request, response);
  } else if (authorizer_.policy().allows_origins()) {
    return add_headers_after(*std::move(waiting), request, response);
  }
  return waiting;
}

Task<void> Api::add_headers_after(Task<void> work, const http::Request& request, http::Response& response) {
  co_await std::move(work);
  add_headers(request, response);
}

std::optional<Task<void>> Api::dispatch(const http::Request& request, http::Response& response) {
  const http::RouteMatch& route = request.route;
  if (route.path == nullptr) {
    refuse(shard_.probes(),
           {{.code = ErrorCode::kNotFound,
             .message = fmt::format("there is nothing at {}", http::masked(request.target))}},
           response);
    return std::nullopt;
  }
  if (auth::is_preflight(request)) {
    auth::respond_to_preflight(allowed_methods(routes(), route.path->pattern), response);
    return std::nullopt;
  }
  if (route.row == nullptr) {
    const std::string allowed = allowed_methods(routes(), route.path->pattern);
    refuse(shard_.probes(),
           {{.code = ErrorCode::kMethodNotAllowed,
             .message = fmt::format("the methods of this path are {}", allowed)}},
           response);
    response.add_header("Allow", allowed);
    return std::nullopt;
  }
  const bool starts_work = request.method == http::Method::post || request.method == http::Method::put;
  if (starts_work && shard_.stage() == shard::Stage::kDraining) {
    refuse(shard_.probes(), {not_started(EndReason::kServerShutdown)}, response);
    return std::nullopt;
  }
  return serve_row(request, response);
}

Task<exposition::Snapshot> Api::sum_of_all_loops(
    std::function<exposition::Snapshot(shard::Shard&)> one_loop) const {
  exposition::Snapshot sum;
  const auto all = co_await shard_.all().collect<exposition::Snapshot>(std::move(one_loop));
  for (const exposition::Snapshot& one : all)
    sum.add(one);
  co_return sum;
}

Task<void> Api::report_health(const http::Request&, http::Response& response) {
  health_.report(shard_.stage(), co_await sum_of_all_loops(&shard::Shard::snapshot), response);
}

Task<void> Api::report_metrics(const http::Request&, http::Response& response) {
  const exposition::Snapshot sum = co_await sum_of_all_loops(&shard::Shard::snapshot);
  response.set_content_type(http::ContentType::kPrometheus);
  const handlers::DiskCache* const disk_cache = shard_.disk_cache();
  const auto disk = disk_cache != nullptr ? disk_cache->stats() : handlers::DiskCacheStats();
  response.body() =
      exposition::report(sum, disk, {versions_.program, versions_.engine, versions_.interpreter},
                         system::look_at_process(), memory_.look());
}

Task<void> Api::report_memory(const http::Request& request, http::Response& response) {
  const auto order = handler_order_of(request.query());
  if (!order) {
    refuse(shard_.probes(), order.error(), response);
    co_return;
  }
  const exposition::Snapshot sum = co_await sum_of_all_loops(&shard::Shard::snapshot_with_handlers);
  append_memory(response.body(), memory_.look(), sum, *order);
}

}  // namespace nexus::api
