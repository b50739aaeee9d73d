#include "nexus/server/execution_resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/sandbox/json.h"
#include "nexus/server/access.h"
#include "nexus/server/execution_json.h"
#include "nexus/server/preferences.h"
#include "nexus/server/query.h"

namespace nexus::server {
namespace {

constexpr std::size_t kMostRows = 1000;

Refusal no_execution(std::string_view id) {
  return {{.code = ErrorCode::kExecutionNotFound,
           .message = fmt::format("there is no execution \"{}\", or it ended more than 5 minutes ago", id)}};
}

Refusal no_suspension() {
  return {{.code = ErrorCode::kSuspensionNotFound,
           .message = "there is no such suspension of the extension external, or it has been answered"}};
}

sandbox::WithLogs logs_of(const Route& route) {
  return has_flag(route.query, "logs") ? sandbox::WithLogs::kYes : sandbox::WithLogs::kNo;
}

// The panel that a list is of.
std::expected<std::string_view, Refusal> panel_of(const Route& route) {
  const auto panel = find_parameter(route.query, "panel");
  if (!panel) return std::unexpected(panel.error());
  if (!*panel || (*panel)->empty())
    return std::unexpected(refuse_part("panel", "is needed: the id of a panel"));
  return **panel;
}

// {success: true, value?} or {success: false, error: text or object}
std::expected<extensions::Settlement, Refusal> settlement_of(std::string_view body) {
  std::optional<std::string> success, value, error;
  std::optional<std::string> unknown;
  const bool is_object = sandbox::for_each_member(body, [&](std::string_view key, std::string_view json) {
    (key == "success" ? success
     : key == "value" ? value
     : key == "error" ? error
                      : unknown) =
        std::string(key == "success" || key == "value" || key == "error" ? json : key);
  });
  if (!is_object)
    return std::unexpected(refuse_part("", "must be an object: {success, value} or {success, error}"));
  if (unknown) return std::unexpected(refuse_part(*unknown, "is not known here"));
  if (success != "true" && success != "false")
    return std::unexpected(refuse_part("success", "must be true or false"));
  if (success == "true") {
    if (error) return std::unexpected(refuse_part("error", "does not go with success"));
    return extensions::Settlement{extensions::Settlement::Kind::kValue, value.value_or("null")};
  }
  if (value) return std::unexpected(refuse_part("value", "does not go with an error"));
  if (!error || error->front() == '"') {
    return extensions::Settlement{
        extensions::Settlement::Kind::kError,
        fmt::format(R"({{"name":"Error","message":{}}})", error.value_or(R"("refused from outside")"))};
  }
  if (error->front() != '{') return std::unexpected(refuse_part("error", "must be a text or an object"));
  return extensions::Settlement{extensions::Settlement::Kind::kError, *std::move(error)};
}

}  // namespace

ExecutionPtr ExecutionResource::find(const Route& route, const Request& request) const {
  auto execution = executions_.find(route.id);
  if (execution != nullptr && !caller_of(request).may_see(execution->call.panel->id())) return nullptr;
  return execution;
}

Task<void> ExecutionResource::answer_when_ready(ExecutionPtr execution, const Request& request,
                                                sandbox::WithLogs with_logs, Answer& answer) {
  const Preferences preferences = preferences_of(request.prefer);
  std::chrono::milliseconds most = most_wait_;
  if (preferences.wait_s) {
    const auto seconds = std::min<std::uint64_t>(*preferences.wait_s, 86'400);
    most = std::min(most, std::chrono::milliseconds(seconds * 1000));
  } else if (preferences.responds_async) {
    most = {};
  }
  co_await executions_.wait_for_end(execution, most);
  if (preferences.responds_async) {
    answer.add_header("Preference-Applied", preferences.wait_s
                                                ? fmt::format("respond-async, wait={}", *preferences.wait_s)
                                                : "respond-async");
  } else if (preferences.wait_s) {
    answer.add_header("Preference-Applied", fmt::format("wait={}", *preferences.wait_s));
  }
  answer_with(*execution, with_logs, answer);
}

Task<void> ExecutionResource::describe(Route route, const Request& request, Answer& answer) {
  const auto execution = find(route, request);
  if (execution == nullptr) co_return refuse(probes_, no_execution(route.id), answer);
  if (const auto wait_s = preferences_of(request.prefer).wait_s) {
    const auto asked = std::chrono::milliseconds(std::min<std::uint64_t>(*wait_s, 86'400) * 1000);
    co_await executions_.wait_for_end(execution, std::min(most_wait_, asked));
    answer.add_header("Preference-Applied", fmt::format("wait={}", *wait_s));
  }
  if (execution->status == Execution::Status::kEnded)
    co_return answer_with(*execution->result, logs_of(route), answer);
  answer.add_header("Nexus-Execution-Id", execution->id);
  append_waiting(answer.body(), *execution);
}

ExecutionResource::Outcome ExecutionResource::cancel(const Route& route, const Request& request,
                                                     Answer& answer) {
  const auto execution = find(route, request);
  if (execution == nullptr) return std::unexpected(no_execution(route.id));
  executions_.cancel(execution, "the execution was cancelled");
  answer.set_status(204);
  return {};
}

Task<void> ExecutionResource::resume(Route route, const Request& request, Answer& answer) {
  const auto found = executions_.suspensions().find_external(route.id);
  if (!found || !caller_of(request).may_see(found->execution->call.panel->id()))
    co_return refuse(probes_, no_suspension(), answer);
  auto settlement = settlement_of(request.body);
  if (!settlement) co_return refuse(probes_, settlement.error(), answer);
  const auto execution = executions_.resume(route.id, *std::move(settlement));
  co_await executions_.wait_for_rest(execution, most_wait_);
  answer_with(*execution, logs_of(route), answer);
}

ExecutionResource::Outcome ExecutionResource::list(const Route& route, const Request& request,
                                                   Answer& answer) const {
  const auto panel = panel_of(route);
  if (!panel) return std::unexpected(panel.error());
  std::string& out = answer.body();
  out += R"({"executions":[)";
  const std::size_t start = out.size();
  std::size_t total = 0;
  executions_.for_each([&](const Execution& execution) {
    if (execution.call.panel->id() != *panel || !caller_of(request).may_see(*panel)) return;
    if (++total > kMostRows) return;
    if (out.size() > start) out += ',';
    append_row(out, execution);
  });
  fmt::format_to(std::back_inserter(out), R"(],"total":{}}})", total);
  return {};
}

ExecutionResource::Outcome ExecutionResource::list_suspensions(const Route& route, const Request& request,
                                                               Answer& answer) const {
  const auto panel = panel_of(route);
  if (!panel) return std::unexpected(panel.error());
  std::string& out = answer.body();
  out += R"({"suspensions":[)";
  const std::size_t start = out.size();
  std::size_t total = 0;
  executions_.suspensions().for_each_external([&](const Execution& execution, const PendingCall& call) {
    if (execution.call.panel->id() != *panel || !caller_of(request).may_see(*panel)) return;
    if (++total > kMostRows) return;
    if (out.size() > start) out += ',';
    append_row(out, execution, call);
  });
  fmt::format_to(std::back_inserter(out), R"(],"total":{}}})", total);
  return {};
}

}  // namespace nexus::server
