#include "nexus/front/api/execution_json.h"

#include <fmt/format.h>

#include <iterator>

#include "nexus/foundation/base/time_text.h"
#include "nexus/runtime/executions/suspensions.h"

namespace nexus::api {
namespace {

std::string_view status_of(const executions::Execution& execution) {
  switch (execution.status) {
    case executions::Execution::Status::kSuspended:
      return "suspended";
    case executions::Execution::Status::kRunning:
      return "running";
    case executions::Execution::Status::kEnded:
      break;
  }
  return execution.result->ok() ? "success" : "error";
}

// Appends the object without its closing brace.
void begin_suspension(std::string& out, const executions::PendingCall& call) {
  fmt::format_to(std::back_inserter(out), R"({{"suspensionId":"{}","extensionName":"{}","method":"{}")",
                 suspension_id(call), call.extension->name(), call.method);
  if (!call.data_json.empty()) out.append(R"(,"data":)").append(call.data_json);
  fmt::format_to(std::back_inserter(out), R"(,"expiresAt":"{}")", as_time(call.expires_unix_ms()));
}

}  // namespace

void append_waiting(std::string& out, const executions::Execution& execution) {
  fmt::format_to(std::back_inserter(out), R"({{"status":"{}","executionId":"{}")", status_of(execution),
                 execution.id);
  if (!execution.pending.empty())
    fmt::format_to(std::back_inserter(out), R"(,"suspension":"{}")",
                   suspension_id(execution.pending.front()));
  out += R"(,"suspensions":[)";
  for (const executions::PendingCall& call : execution.pending) {
    if (&call != &execution.pending.front()) out += ',';
    begin_suspension(out, call);
    out += '}';
  }
  out += "]}";
}

void respond_with(const executions::Execution& execution, WithLogs with_logs, http::Response& response) {
  if (execution.has_ended()) return respond_with(*execution.result, with_logs, response);
  response.set_status(202);
  response.add_header("Location", "/executions/" + execution.id);
  response.add_header("Nexus-Execution-Id", execution.id);
  response.add_header("Nexus-Execution-Status", "suspended");
  append_waiting(response.body(), execution);
}

void respond_with(const ExecutionResult& result, WithLogs with_logs, http::Response& response) {
  response.add_header("Nexus-Execution-Id", result.execution_id);
  response.add_header("Nexus-Execution-Status", result.ok() ? "success" : "error");
  append_result_json(response.body(), result, with_logs);
}

void append_row(std::string& out, const executions::Execution& execution) {
  fmt::format_to(
      std::back_inserter(out),
      R"({{"executionId":"{}","panel":"{}","tool":"{}","trigger":"{}","status":"{}","changedAt":"{}"}})",
      execution.id, execution.call.panel->id(), execution.call.tool->name, name(execution.call.origin),
      status_of(execution), as_time(execution.changed_unix_ms));
}

void append_row(std::string& out, const executions::Execution& execution,
                const executions::PendingCall& call) {
  begin_suspension(out, call);
  fmt::format_to(std::back_inserter(out),
                 R"(,"executionId":"{}","panel":"{}","tool":"{}","createdAt":"{}"}})", execution.id,
                 execution.call.panel->id(), execution.call.tool->name, as_time(call.began_unix_ms));
}

}  // namespace nexus::api
