#include "nexus/server/panel_creation.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "nexus/sandbox/json.h"

namespace nexus::server {
namespace {

struct FailedTool {
  std::string tool;
  Error error;
};

std::string and_more(std::size_t faults) {
  return faults == 1 ? std::string() : fmt::format(" (and {} more)", faults - 1);
}

Refusal refuse_definition(const panels::Rejected& rejected) {
  Refusal refusal;
  const panels::Fault& first = rejected.faults.front();
  refusal.error.code = rejected.code;
  refusal.error.message = fmt::format("{} {}{}", first.path.empty() ? "the body" : first.path.c_str(),
                                      first.message, and_more(rejected.faults.size()));
  std::string& out = refusal.details_json;
  for (const panels::Fault& fault : rejected.faults) {
    out += out.empty() ? R"([{"path":)" : R"(,{"path":)";
    sandbox::append_json_string(out, fault.path);
    out += R"(,"message":)";
    sandbox::append_json_string(out, fault.message);
    out += '}';
  }
  out += ']';
  return refusal;
}

Refusal refuse_tools(const std::vector<FailedTool>& failed) {
  Refusal refusal;
  refusal.error.code = ErrorCode::kCompilationError;
  refusal.error.message = fmt::format("tool \"{}\": {}{}", failed.front().tool, failed.front().error.message,
                                      and_more(failed.size()));
  std::string& out = refusal.details_json;
  for (const FailedTool& one : failed) {
    const SourceLocation location = one.error.location.value_or(SourceLocation{});
    out += out.empty() ? R"([{"tool":)" : R"(,{"tool":)";
    sandbox::append_json_string(out, one.tool);
    out += fmt::format(R"(,"code":"{}","message":)", name(one.error.code));
    sandbox::append_json_string(out, one.error.message);
    out += fmt::format(R"(,"line":{},"column":{},"snippet":)", location.line, location.column);
    sandbox::append_json_string(out, location.snippet);
    out += '}';
  }
  out += ']';
  return refusal;
}

// Whether it is the handler that is at fault, and not that there is no room to load it.
bool is_of_the_handler(ErrorCode code) {
  return code != ErrorCode::kOverloaded && code != ErrorCode::kShuttingDown;
}

}  // namespace

Task<std::expected<std::shared_ptr<panels::Panel>, Refusal>> PanelCreation::create(
    std::string_view json, panels::HandlerFiles files) {
  auto definition = panels::parse_definition(json, ceiling_, files);
  if (!definition) co_return std::unexpected(refuse_definition(definition.error()));
  // Asked before the work as well as after it: another request may have been quicker.
  if (!definition->id.empty() && registry_.find(definition->id)) {
    auto existing = registry_.create(*std::move(definition));
    co_return std::unexpected(Refusal{std::move(existing.error()), {}});
  }
  // One request must not keep the engine busy for minutes: all its tools together have the time of one execution, and
  // the first that loads for ever is the last that is tried.
  const std::uint64_t started_us = executions_.clock().monotonic_us();
  const std::uint64_t most_ms = ceiling_.limits.max_wall_ms;
  std::vector<FailedTool> failed;
  for (const panels::Tool& tool : definition->tools) {
    if (executions_.clock().monotonic_us() - started_us > most_ms * 1000) {
      failed.push_back(
          {tool.name,
           Error{.code = ErrorCode::kTimeout,
                 .message = fmt::format("the tools before it took {} ms to load (maxWallMs)", most_ms)}});
      break;
    }
    auto handler = co_await executions_.load(tool.handler, tool.limits);
    if (handler) continue;
    if (!is_of_the_handler(handler.error().code))
      co_return std::unexpected(Refusal{std::move(handler.error()), {}});
    const bool takes_too_long = handler.error().code == ErrorCode::kTimeout;
    failed.push_back({tool.name, std::move(handler.error())});
    if (takes_too_long) break;
  }
  if (!failed.empty()) co_return std::unexpected(refuse_tools(failed));
  auto panel = registry_.create(*std::move(definition));
  if (!panel) co_return std::unexpected(Refusal{std::move(panel.error()), {}});
  co_return *std::move(panel);
}

}  // namespace nexus::server
