#include "nexus/foundation/diagnostics/explain_exit.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/base/time_text.h"
#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::diagnostics {
namespace {

std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

std::uint64_t container_free(const Record& record) {
  return minus(minus(record.container_limit_bytes, record.neighbours_bytes), record.working_set_bytes);
}

std::string cause_text(const UncleanExit& exit, const Record& record) {
  switch (cause_of(exit)) {
    case Cause::kContainerMemory:
      return fmt::format(
          "the container had {} free of {}: most likely the kernel killed the process for memory (OOMKilled, "
          "137)",
          bytes_text(container_free(record)), bytes_text(record.container_limit_bytes));
    case Cause::kMachineMemory:
      return fmt::format(
          "the machine had {} free of {}: most likely the kernel killed the process for memory (137)",
          bytes_text(record.machine_available_bytes), bytes_text(record.machine_total_bytes));
    case Cause::kOther:
    case Cause::kUnknown:
      break;
  }
  return fmt::format(
      "there was memory ({} free): look in its log for a crash (134, 139) or for a failed allocation (1), or "
      "for who sent SIGKILL (137); a "
      "leap of more than that within a second cannot be seen here",
      bytes_text(record.container_limit_bytes != 0 ? container_free(record)
                                                   : record.machine_available_bytes));
}

std::uint64_t accounted(const Record& record) {
  return std::accumulate(record.accounted_bytes.begin(), record.accounted_bytes.end(), std::uint64_t{0});
}

std::string memory_text(const Record& record) {
  std::string text =
      fmt::format("memory: working set {}, resident {}, accounted {} (", bytes_text(record.working_set_bytes),
                  bytes_text(record.resident_bytes), bytes_text(accounted(record)));
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind)
    text += fmt::format("{}{} {}", kind == 0 ? "" : ", ", budget::kKindNames[kind],
                        bytes_text(record.accounted_bytes[kind]));
  return text + fmt::format(") of {} grantable; executions: {} running, {} queued",
                            bytes_text(record.grantable_bytes), record.executions_running,
                            record.executions_queued);
}

std::string handlers_text(const Record& record) {
  std::string text;
  for (const HandlerUse& handler : record.top_handlers) {
    if (handler.name.view().empty()) break;
    text += fmt::format(
        "{}{} {} ({})", text.empty() ? "most memory: " : ", ", printable(handler.name.view()),
        bytes_text(handler.bytes),
        handler.running > 0 ? fmt::format("{} running", handler.running) : "at most, none running");
  }
  return text;
}

std::string advice(const Record& record) {
  const std::uint64_t unaccounted = minus(record.working_set_bytes, accounted(record));
  if (record.neighbours_bytes > record.working_set_bytes) {
    return fmt::format(
        "its neighbours in the container's group used {}: give them a limit, or the group more memory",
        bytes_text(record.neighbours_bytes));
  }
  if (unaccounted > record.reserve_bytes) {
    return fmt::format(
        "{} were used by what is not accounted: raise the memory limit, or lower MEMORY_BUDGET_MB to {}",
        bytes_text(unaccounted), minus(record.budget_bytes, unaccounted) / 1_MiB);
  }
  return "raise the memory limit, or lower MEMORY_BUDGET_MB";
}

}  // namespace

Cause cause_of(const UncleanExit& exit) {
  if (!exit.record) return Cause::kUnknown;
  const Record& record = *exit.record;
  // The record misses the last second. With everything granted only the reserve is free; less than that points to
  // memory.
  if (record.container_limit_bytes != 0 && container_free(record) < record.reserve_bytes)
    return Cause::kContainerMemory;
  if (record.machine_total_bytes != 0 && record.machine_available_bytes < record.machine_total_bytes / 50)
    return Cause::kMachineMemory;
  return Cause::kOther;
}

std::vector<std::string> explain(const UncleanExit& exit) {
  if (!exit.record) {
    return {fmt::format("a process ended without a clean exit, and its record {} cannot be read",
                        printable(exit.file))};
  }
  const Record& record = *exit.record;
  std::vector<std::string> lines{
      fmt::format("process {} (version {}, started {}) ended without a clean exit after {}: {}", record.pid,
                  printable(record.version.view()), as_second(record.started_unix_ms),
                  as_second(record.written_unix_ms), cause_text(exit, record)),
      memory_text(record)};
  if (std::string handlers = handlers_text(record); !handlers.empty()) lines.push_back(std::move(handlers));
  const Cause cause = cause_of(exit);
  if (cause == Cause::kContainerMemory || cause == Cause::kMachineMemory) lines.push_back(advice(record));
  return lines;
}

}  // namespace nexus::diagnostics
