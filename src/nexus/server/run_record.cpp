#include "nexus/server/run_record.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace nexus::server {
namespace {

// A handler must not be able to write lines of its own making into the server's log, or to colour a terminal.
std::string without_control_characters(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

spdlog::level::level_enum level_of(sandbox::LogLevel level) {
  switch (level) {
    case sandbox::LogLevel::kDebug:
      return spdlog::level::debug;
    case sandbox::LogLevel::kInfo:
      return spdlog::level::info;
    case sandbox::LogLevel::kWarn:
      return spdlog::level::warn;
    case sandbox::LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

pool::Retired why_retired(const sandbox::ExecutionResult& result) {
  const bool was_cut_off = result.error && (result.error->code == ErrorCode::kTimeout ||
                                            result.error->code == ErrorCode::kCancelled);
  return was_cut_off ? pool::Retired::kCancel : pool::Retired::kTrap;
}

void record(handlers::HandlerUse& use, const ToolCall& call, const sandbox::ExecutionResult& result) {
  if (use.latest != call.tool) {
    use.latest = call.tool;
    use.name = fmt::format("{}/{}", call.panel->id(), call.tool->name);
  }
  use.memory.record(result.metrics.grown_bytes);
  use.memory_limit_bytes = call.tool->limits.memory_limit_bytes;
  ++use.executions;
  use.running_us += result.metrics.execution_time_us;
  use.host_calls += result.metrics.host_calls.total();
  if (result.error && result.error->limit && result.error->limit->free) ++use.refusals;
}

void write_log(const ToolCall& call, const sandbox::ExecutionResult& result) {
  for (const sandbox::LogLine& line : result.logs) {
    spdlog::log(level_of(line.level), "panel={} tool={} execution={} {}", call.panel->id(), call.tool->name,
                result.execution_id, without_control_characters(line.text));
  }
}

void write_failure(const ToolCall& call, std::string_view id, const Error& error) {
  spdlog::warn("panel={} tool={} execution={} started by its trigger ({}): {}: {}", call.panel->id(),
               call.tool->name, id, panels::name(call.origin), name(error.code),
               without_control_characters(error.message));
}

}  // namespace nexus::server
