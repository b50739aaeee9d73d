#include "nexus/runtime/executions/tool_calls.h"

#include <fmt/format.h>

#include "nexus/foundation/json/json.h"

namespace nexus::executions {
namespace {

constexpr std::string_view kJsonSpace = " \t\r\n";
// A check of up to so many bytes needs no grant: a loop checks the arguments of one call at a time, and the reserve
// covers them.
constexpr std::uint64_t kSmallCheckBytes = 64 << 10;

std::expected<ToolCall, ErrorResponse> without_args(std::shared_ptr<panels::Panel> panel,
                                                    std::string_view name) {
  if (panel->is_removed()) return std::unexpected(ErrorResponse{panel_not_found(panel->id())});
  auto definition = panel->definition();
  if (const panels::Tool* tool = definition->find_tool(name))
    return ToolCall{std::move(panel), std::move(definition), tool, "{}"};
  return std::unexpected(
      ErrorResponse{{.code = ErrorCode::kToolNotFound,
                     .message = fmt::format("panel \"{}\" has no tool \"{}\"", panel->id(), name)}});
}

}  // namespace

Error panel_not_found(std::string_view id) {
  return {.code = ErrorCode::kPanelNotFound, .message = fmt::format("there is no panel \"{}\"", id)};
}

std::expected<ToolCall, ErrorResponse> ToolCalls::find(std::string_view panel_id, std::string_view tool,
                                                       std::string_view args) {
  auto panel = registry_.find(panel_id);
  if (!panel) return std::unexpected(ErrorResponse{panel_not_found(panel_id)});
  return find(std::move(panel), tool, args);
}

std::expected<ToolCall, ErrorResponse> ToolCalls::find(std::shared_ptr<panels::Panel> panel,
                                                       std::string_view tool, std::string_view args) {
  auto call = without_args(std::move(panel), tool);
  if (!call) return call;
  std::size_t values = 0;
  const auto start = args.find_first_not_of(kJsonSpace);
  if (start != std::string_view::npos) {
    if (const auto error = check_json(args, &values); error != JsonError::kNone)
      return std::unexpected(refuse_part("", describe(error)));
    if (args[start] != '{')
      return std::unexpected(refuse_part("", "must be an object: the tool's arguments"));
    call->args_json = args;
  }
  if (call->tool->args_schema_json.empty()) return call;
  return check_args(*std::move(call), values);
}

std::expected<ToolCall, ErrorResponse> ToolCalls::find(std::shared_ptr<panels::Panel> panel,
                                                       std::string_view tool,
                                                       std::shared_ptr<const OwnArgs> args,
                                                       TriggerType origin) {
  auto call = without_args(std::move(panel), tool);
  if (!call) return call;
  call->args_json = args->json;
  call->own_args = std::move(args);
  call->origin = origin;
  return call;
}

std::expected<ToolCall, ErrorResponse> ToolCalls::check_args(ToolCall call, std::size_t values) {
  const auto schema = schemas_.get(call.tool->args_schema_json);
  if (!schema) {
    return std::unexpected(ErrorResponse{
        {.code = ErrorCode::kInternalError, .message = "the schema of the tool's args cannot be compiled"}});
  }
  budget::Grant held;
  if (const auto bytes = panels::args_bytes_at_most(call.args_json.size(), values);
      bytes > kSmallCheckBytes) {
    auto granted = ledger_.grant(budget::Kind::kBuffers, bytes, budget::Need::kGrowth);
    if (!granted) return std::unexpected(ErrorResponse{std::move(granted.error())});
    held = *std::move(granted);
  }
  if (auto filled = schema->defaults().fill(call.args_json)) {
    auto granted = ledger_.grant(budget::Kind::kBuffers, filled->size(), budget::Need::kGrowth);
    if (!granted) return std::unexpected(ErrorResponse{std::move(granted.error())});
    call.own_args = std::make_shared<const OwnArgs>(*std::move(filled), *std::move(granted));
    call.args_json = call.own_args->json;
  }
  panels::Validator validator;
  schema->check(call.args_json, validator);
  if (!validator.empty()) return std::unexpected(refuse_definition(std::move(validator).take()));
  return call;
}

}  // namespace nexus::executions
