#include "nexus/runtime/executions/run_record.h"

#include <fmt/format.h>

#include "nexus/foundation/base/log.h"

namespace nexus::executions {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

void write_line(spdlog::level::level_enum level, const ToolCall& call, std::string_view execution,
                std::string_view words) {
  const Trace* trace = call.trace.get();
  log_line(level,
           {{"panel", call.panel->id()},
            {"tool", call.tool->name},
            {"execution", execution},
            {"request", trace != nullptr ? std::string_view(trace->request_id) : std::string_view()},
            {"trace", trace != nullptr ? trace->id() : std::string_view()}},
           words);
}

}  // namespace

pool::Retired why_retired(const ExecutionResult& result) {
  const bool was_cut_off = result.error && (result.error->code == ErrorCode::kTimeout ||
                                            result.error->code == ErrorCode::kCancelled);
  return was_cut_off ? pool::Retired::kCancel : pool::Retired::kTrap;
}

void record(handlers::HandlerUse& use, const ToolCall& call, const ExecutionResult& result) {
  if (use.latest != call.tool && !use.is_shared) {
    use.latest = call.tool;
    std::string name = fmt::format("{}/{}", call.panel->id(), call.tool->name);
    if (use.name.empty()) {
      use.name = std::move(name);
    } else if (use.name != name) {
      use.name += " and others";
      use.is_shared = true;
    }
  }
  use.memory.record(result.metrics.grown_bytes);
  use.memory_limit_bytes = call.tool->limits.memory_limit_bytes;
  ++use.executions;
  use.running_us += result.metrics.execution_time_us;
  use.host_calls += result.metrics.host_calls.total();
  if (result.error && result.error->limit && result.error->limit->free) ++use.refusals;
}

void write_log(const ToolCall& call, const ExecutionResult& result) {
  for (const LogLine& line : result.logs)
    write_line(level_of(line.level), call, result.execution_id, line.text);
}

void write_failure(const ToolCall& call, std::string_view id, const Error& error) {
  write_line(
      spdlog::level::warn, call, id,
      fmt::format("started by its trigger ({}): {}: {}", name(call.origin), name(error.code), error.message));
}

}  // namespace nexus::executions
