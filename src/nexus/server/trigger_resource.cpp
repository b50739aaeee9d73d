#include "nexus/server/trigger_resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "nexus/sandbox/json.h"
#include "nexus/server/execution_json.h"
#include "nexus/server/panels_resource.h"

namespace nexus::server {
namespace {

constexpr std::string_view kJsonSpace = " \t\r\n";
// A loop does one check at a time: what one takes that is no larger is within the reserve.
constexpr std::uint64_t kSmallCheckBytes = 64 << 10;

bool is_key(std::string_view key) {
  return !key.empty() && key.size() <= Idempotency::kMostKeyBytes &&
         std::ranges::all_of(key, [](char c) { return c > ' ' && c <= '~'; });
}

// A call without arguments. kToolNotFound.
std::expected<ToolCall, Refusal> tool_of(std::shared_ptr<panels::Panel> panel, std::string_view name) {
  auto definition = panel->definition();
  const panels::Tool* tool = definition->find_tool(name);
  if (tool != nullptr) return ToolCall{std::move(panel), std::move(definition), tool, "{}"};
  return std::unexpected(
      Refusal{{.code = ErrorCode::kToolNotFound,
               .message = fmt::format("panel \"{}\" has no tool \"{}\"", panel->id(), name)}});
}

}  // namespace

std::expected<ToolCall, Refusal> TriggerResource::find_call(const Route& route, const Request& request) {
  auto panel = registry_.find(route.panel);
  if (!panel) return std::unexpected(Refusal{panel_not_found(route.panel)});
  auto call = tool_of(std::move(panel), route.tool);
  if (!call) return call;
  const std::string_view body = request.body;
  const auto start = body.find_first_not_of(kJsonSpace);
  if (start == std::string_view::npos) return checked(*std::move(call));
  if (const auto fault = sandbox::check_json(body); fault != sandbox::JsonFault::kNone)
    return std::unexpected(refuse_part("", sandbox::describe(fault)));
  if (body[start] != '{') return std::unexpected(refuse_part("", "must be an object: the tool's arguments"));
  call->args_json = body;
  return checked(*std::move(call));
}

std::expected<ToolCall, Refusal> TriggerResource::find_call(std::shared_ptr<panels::Panel> panel,
                                                            std::string_view tool,
                                                            std::string_view args_json) {
  auto call = tool_of(std::move(panel), tool);
  if (!call) return call;
  call->args_json = args_json;
  return checked(*std::move(call));
}

std::expected<ToolCall, Refusal> TriggerResource::checked(ToolCall call) {
  if (call.tool->args_schema_json.empty()) return call;
  const auto schema = schemas_.get(call.tool->args_schema_json);
  if (!schema) {
    return std::unexpected(Refusal{
        {.code = ErrorCode::kInternalError, .message = "the schema of the tool's args cannot be compiled"}});
  }
  budget::Grant held;
  if (const auto bytes = panels::args_bytes_at_most(call.args_json); bytes > kSmallCheckBytes) {
    auto granted = ledger_.grant(budget::Kind::kBuffers, bytes, budget::Need::kGrowth);
    if (!granted) return std::unexpected(Refusal{std::move(granted.error())});
    held = *std::move(granted);
  }
  if (auto filled = schema->defaults().fill(call.args_json)) {
    auto granted = ledger_.grant(budget::Kind::kBuffers, filled->size(), budget::Need::kGrowth);
    if (!granted) return std::unexpected(Refusal{std::move(granted.error())});
    call.own_args = std::make_shared<const OwnArgs>(*std::move(filled), *std::move(granted));
    call.args_json = call.own_args->json;
  }
  panels::Faults faults;
  schema->check(call.args_json, faults);
  if (!faults.empty()) return std::unexpected(refuse_definition(std::move(faults).take()));
  return call;
}

Task<void> TriggerResource::run(ToolCall call, const Request& request, sandbox::WithLogs with_logs,
                                Answer& answer) {
  const std::int64_t since_ms = executions_.clock().monotonic_ms();
  if (!request.trace.empty()) call.trace = std::make_shared<const Trace>(request.trace);
  if (request.idempotency_key)
    co_return co_await run_once(std::move(call), since_ms, request, with_logs, answer);
  auto outcome =
      co_await executions_.run(std::move(call), [&answer, with_logs](const sandbox::ExecutionResult& ended) {
        answer_with(ended, with_logs, answer);
        answer.seal();
      });
  if (!outcome) co_return refuse(probes_, Refusal{outcome.error()}, answer);
  if (outcome->execution != nullptr)
    co_await waiting_.answer_when_ready(std::move(outcome->execution), since_ms, request, with_logs, answer);
}

Task<void> TriggerResource::run_once(ToolCall call, std::int64_t since_ms, const Request& request,
                                     sandbox::WithLogs with_logs, Answer& answer) {
  const std::string& key = *request.idempotency_key;
  if (!is_key(key)) {
    co_return refuse(probes_,
                     refuse_part("Idempotency-Key", fmt::format("must be 1 to {} visible ASCII characters",
                                                                Idempotency::kMostKeyBytes)),
                     answer);
  }
  const std::shared_ptr<panels::Panel> panel = call.panel;
  const Digest content = content_of(call.tool->name, request.body);
  Idempotency::EntryPtr entry = keys_.find(panel, key);
  if (entry == nullptr) {
    auto added = keys_.add(panel, key, content);
    if (!added) co_return refuse(probes_, Refusal{std::move(added.error())}, answer);
    entry = *std::move(added);
    co_await run_first(std::move(call), key, entry);
  } else if (!entry->is_of(content)) {
    co_return refuse(probes_,
                     Refusal{{.code = ErrorCode::kIdempotencyMismatch,
                              .message = "this Idempotency-Key was used for another tool or body"}},
                     answer);
  } else if (!entry->is_settled()) {
    co_await callback<bool>(executions_.executor(), [&entry](Idempotency::Entry::Ready ready) {
      entry->call_when_settled(std::move(ready));
    });
  }
  if (entry->refusal() != nullptr) co_return refuse(probes_, *entry->refusal(), answer);
  auto execution = entry->execution();
  if (execution == nullptr) {
    co_return refuse(probes_,
                     Refusal{{.code = ErrorCode::kExecutionNotFound,
                              .message = "the request with this Idempotency-Key has been carried out, and "
                                         "its result is not kept any more"}},
                     answer);
  }
  co_await waiting_.answer_when_ready(std::move(execution), since_ms, request, with_logs, answer);
}

// Whatever happens, nobody is left waiting for it.
Task<void> TriggerResource::run_first(ToolCall call, const std::string& key, Idempotency::EntryPtr entry) {
  const std::shared_ptr<panels::Panel> panel = call.panel;
  call.keeps_result = true;
  try {
    auto outcome = co_await executions_.run(std::move(call));
    if (outcome) {
      keys_.ran(*entry, outcome->execution);
    } else {
      keys_.refused(*panel, key, *entry, Refusal{std::move(outcome.error())});
    }
  } catch (const std::bad_alloc&) {
    keys_.refused(
        *panel, key, *entry,
        Refusal{{.code = ErrorCode::kOverloaded, .message = "no memory left", .retry_after_ms = 1000}});
    throw;
  }
}

}  // namespace nexus::server
