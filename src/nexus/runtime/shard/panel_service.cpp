#include "nexus/runtime/shard/panel_service.h"

#include <fmt/format.h>

#include <boost/asio/this_coro.hpp>
#include <optional>
#include <vector>

#include "nexus/foundation/json/json.h"

namespace nexus::shard {
namespace {

constexpr std::size_t kMostListed = 100;  // failed tools that an error response lists

struct FailedTool {
  std::string tool;
  Error error;
};

ErrorResponse refuse_tools(const std::vector<FailedTool>& failed) {
  ErrorResponse refusal;
  refusal.error.code = ErrorCode::kCompilationError;
  refusal.error.message = fmt::format("tool \"{}\": {}{}", failed.front().tool, failed.front().error.message,
                                      and_more(failed.size() - 1));
  std::string& out = refusal.details_json;
  for (std::size_t at = 0; at < std::min(failed.size(), kMostListed); ++at) {
    const FailedTool& one = failed[at];
    const SourceLocation location = one.error.location.value_or(SourceLocation{});
    out += out.empty() ? R"([{"tool":)" : R"(,{"tool":)";
    append_json_string(out, one.tool);
    out += fmt::format(R"(,"code":"{}","message":)", name(one.error.code));
    append_json_string(out, one.error.message);
    out += fmt::format(R"(,"line":{},"column":{},"snippet":)", location.line, location.column);
    append_json_string(out, location.snippet);
    out += '}';
  }
  out += ']';
  return refusal;
}

// True when the handler is wrong; false when there was no memory or no time to load it.
bool is_of_the_handler(ErrorCode code) {
  return code != ErrorCode::kOverloaded && code != ErrorCode::kShuttingDown &&
         code != ErrorCode::kInternalError;
}

// Capabilities come from the server's settings; but the token of this caller may cover fewer panels.
std::optional<ErrorResponse> refuse_receiving(const panels::Definition& definition,
                                              const Principal& principal) {
  for (const panels::Tool& tool : definition.tools) {
    const auto* event = std::get_if<panels::EventTrigger>(&tool.trigger);
    if (event == nullptr || event->panel.empty() || principal.may_see(event->panel)) continue;
    return ErrorResponse{
        {.code = ErrorCode::kForbidden,
         .message = fmt::format("the token's panels do not cover \"{}\", whose events tool \"{}\" asks for",
                                event->panel, tool.name)}};
  }
  return std::nullopt;
}

Error error_of(Error of_load) {
  if (of_load.code != ErrorCode::kCancelled) return of_load;
  return {.code = ErrorCode::kShuttingDown, .message = std::move(of_load.message), .retry_after_ms = 1000};
}

}  // namespace

Task<std::expected<std::shared_ptr<panels::Panel>, ErrorResponse>> PanelService::create(
    std::string_view json, const Principal& principal, panels::HandlerFiles files) {
  auto definition = panels::parse_definition(json, ceiling_, files);
  if (!definition) co_return std::unexpected(refuse_definition(definition.error()));
  if (auto refusal = refuse_receiving(*definition, principal)) co_return std::unexpected(*std::move(refusal));
  // Checked before the slow load as well as after it: another request may create the panel meanwhile.
  if (!definition->id.empty() && registry_.find(definition->id)) {
    auto existing = registry_.create(*std::move(definition));
    co_return std::unexpected(ErrorResponse{std::move(existing.error())});
  }
  if (auto loaded = co_await load_tools(*definition); !loaded)
    co_return std::unexpected(std::move(loaded.error()));
  auto panel = registry_.create(*std::move(definition));
  if (!panel) co_return std::unexpected(ErrorResponse{std::move(panel.error())});
  scheduler_.put(*panel);
  co_return *std::move(panel);
}

Task<std::expected<panels::Put, ErrorResponse>> PanelService::put(std::string_view id, std::string_view json,
                                                                  const Principal& principal,
                                                                  VersionCondition condition) {
  auto definition = panels::parse_definition(json, ceiling_, {}, id);
  if (!definition) co_return std::unexpected(refuse_definition(definition.error()));
  if (auto refusal = refuse_receiving(*definition, principal)) co_return std::unexpected(*std::move(refusal));
  if (auto held = panels::check(condition, registry_.find(id).get(), id); !held)
    co_return std::unexpected(ErrorResponse{std::move(held.error())});
  if (auto loaded = co_await load_tools(*definition); !loaded)
    co_return std::unexpected(std::move(loaded.error()));
  auto done = registry_.put(*std::move(definition), condition);
  if (!done) co_return std::unexpected(ErrorResponse{std::move(done.error())});
  scheduler_.put(done->panel);
  if (done->how == panels::Put::How::kReplaced) subscribers_.replaced(*done->panel);
  co_return *std::move(done);
}

Result<void> PanelService::remove(std::string_view id, const VersionCondition& condition) {
  const auto panel = registry_.find(id);
  if (auto removed = registry_.remove(id, condition); !removed) return removed;
  subscribers_.removed(*panel);
  scheduler_.remove(*panel);
  executions_.cancel_all_of(*panel);
  return {};
}

// One request must not keep the engine busy for minutes: all its tools together may load for as long as one execution
// may run, and no tool is tried after one that timed out.
Task<std::expected<void, ErrorResponse>> PanelService::load_tools(const panels::Definition& definition) {
  const std::uint64_t started_us = executions_.clock().monotonic_us();
  const std::uint64_t most_ms = ceiling_.limits.max_wall_ms;
  std::vector<FailedTool> failed;
  for (const panels::Tool& tool : definition.tools) {
    if (executions_.clock().monotonic_us() - started_us > most_ms * 1000) {
      failed.push_back(
          {tool.name,
           Error{.code = ErrorCode::kTimeout,
                 .message = fmt::format("the tools before it took {} ms to load (maxWallMs)", most_ms)}});
      break;
    }
    auto handler = co_await executions_.load(tool.handler, tool.limits);
    // A handler in the cache loads without suspending the coroutine: a thousand of them would block the loop's sockets.
    co_await asio::post(co_await asio::this_coro::executor, kAwait);
    if (handler) continue;
    Error error = error_of(std::move(handler.error()));
    if (!is_of_the_handler(error.code)) co_return std::unexpected(ErrorResponse{std::move(error)});
    const bool takes_too_long = error.code == ErrorCode::kTimeout;
    failed.push_back({tool.name, std::move(error)});
    if (takes_too_long) break;
  }
  if (!failed.empty()) co_return std::unexpected(refuse_tools(failed));
  co_return std::expected<void, ErrorResponse>();
}

}  // namespace nexus::shard
