#include "nexus/front/api/trigger_resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/front/api/execution_json.h"
#include "nexus/front/api/parameters.h"
#include "nexus/front/api/refuse.h"

namespace nexus::api {
namespace {

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= executions::Idempotency::kMostKeyBytes &&
         std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

std::optional<Task<void>> TriggerResource::trigger(const http::Request& request, http::Response& response) {
  auto call = calls_.find(request.name(0), request.name(1), request.body);
  if (call) return run(*std::move(call), request, logs_of(request.query()), response);
  refuse(probes_, std::move(call.error()), response);
  return std::nullopt;
}

Task<void> TriggerResource::run(executions::ToolCall call, const http::Request& request, WithLogs with_logs,
                                http::Response& response) {
  const std::int64_t since_ms = executions_.clock().monotonic_ms();
  if (!request.trace.empty()) call.trace = std::make_shared<const Trace>(request.trace);
  if (request.idempotency_key)
    co_return co_await run_once(std::move(call), since_ms, request, with_logs, response);
  auto outcome = co_await executions_.run(
      std::move(call),
      [&response, with_logs](const ExecutionResult& ended) { respond_with(ended, with_logs, response); });
  if (!outcome) co_return refuse(probes_, ErrorResponse{outcome.error()}, response);
  if (outcome->execution != nullptr)
    co_await waiting_.respond_when_ready(std::move(outcome->execution), since_ms, request, with_logs,
                                         response);
}

Task<void> TriggerResource::run_once(executions::ToolCall call, std::int64_t since_ms,
                                     const http::Request& request, WithLogs with_logs,
                                     http::Response& response) {
  const std::string& key = *request.idempotency_key;
  if (!is_key(key)) {
    co_return refuse(probes_,
                     refuse_part("Idempotency-Key", fmt::format("must be 1 to {} visible ASCII characters",
                                                                executions::Idempotency::kMostKeyBytes)),
                     response);
  }
  const std::shared_ptr<panels::Panel> panel = call.panel;
  const Digest content = executions::content_of(call.tool->name, request.body);
  executions::Idempotency::EntryPtr entry = keys_.find(panel, key);
  if (entry == nullptr) {
    auto added = keys_.add(panel, key, content);
    if (!added) co_return refuse(probes_, ErrorResponse{std::move(added.error())}, response);
    entry = *std::move(added);
    co_await run_first(std::move(call), key, entry);
  } else if (!entry->is_of(content)) {
    co_return refuse(probes_,
                     ErrorResponse{{.code = ErrorCode::kIdempotencyMismatch,
                                    .message = "this Idempotency-Key was used for another tool or body"}},
                     response);
  } else if (!entry->is_settled()) {
    co_await callback<bool>(executions_.executor(), [&entry](executions::Idempotency::Entry::Ready ready) {
      entry->call_when_settled(std::move(ready));
    });
  }
  if (entry->refusal() != nullptr) co_return refuse(probes_, *entry->refusal(), response);
  auto execution = entry->execution();
  if (execution == nullptr) {
    co_return refuse(
        probes_,
        ErrorResponse{{.code = ErrorCode::kExecutionNotFound,
                       .message = "the request with this Idempotency-Key has been carried out, and "
                                  "its result is not kept any more"}},
        response);
  }
  co_await waiting_.respond_when_ready(std::move(execution), since_ms, request, with_logs, response);
}

Task<void> TriggerResource::run_first(executions::ToolCall call, const std::string& key,
                                      executions::Idempotency::EntryPtr entry) {
  const std::shared_ptr<panels::Panel> panel = call.panel;
  call.keeps_result = true;
  auto outcome = co_await executions_.run(std::move(call));
  if (outcome) {
    keys_.ran(*entry, outcome->execution);
  } else {
    keys_.refused(*panel, key, *entry, ErrorResponse{std::move(outcome.error())});
  }
}

}  // namespace nexus::api
