#include "nexus/server/trigger_resource.h"

#include <fmt/format.h>

#include "nexus/sandbox/json.h"
#include "nexus/server/panels_resource.h"

namespace nexus::server {
namespace {

constexpr std::string_view kJsonSpace = " \t\r\n";

}  // namespace

std::expected<ToolCall, Refusal> TriggerResource::find_call(const Route& route,
                                                            const Request& request) const {
  auto panel = registry_.find(route.panel);
  if (!panel) return std::unexpected(Refusal{panel_not_found(route.panel)});
  auto definition = panel->definition();
  const panels::Tool* tool = definition->find_tool(route.tool);
  if (tool == nullptr) {
    return std::unexpected(
        Refusal{{.code = ErrorCode::kToolNotFound,
                 .message = fmt::format("panel \"{}\" has no tool \"{}\"", route.panel, route.tool)}});
  }
  ToolCall call{std::move(panel), std::move(definition), tool, "{}"};
  const std::string_view body = request.body;
  const auto start = body.find_first_not_of(kJsonSpace);
  if (start == std::string_view::npos) return call;
  switch (sandbox::check_json(body)) {
    case sandbox::JsonFault::kMalformed:
      return std::unexpected(refuse_part("", "is not valid JSON"));
    case sandbox::JsonFault::kTooDeep:
      return std::unexpected(
          refuse_part("", fmt::format("is nested deeper than {} levels", sandbox::kMaxJsonDepth)));
    case sandbox::JsonFault::kNone:
      break;
  }
  if (body[start] != '{') return std::unexpected(refuse_part("", "must be an object: the tool's arguments"));
  call.args_json = body;
  return call;
}

Task<void> TriggerResource::run(ToolCall call, sandbox::WithLogs with_logs, Answer& answer) {
  const auto result = co_await executions_.run(std::move(call));
  if (!result) {
    co_return refuse(probes_, Refusal{result.error()}, answer);
  }
  answer.add_header("Nexus-Execution-Id", result->execution_id);
  answer.add_header("Nexus-Execution-Status", result->ok() ? "success" : "error");
  sandbox::append_result_json(answer.body(), *result, with_logs);
}

}  // namespace nexus::server
