#include "exit_record.h"

#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>

#include "version.h"

namespace nexus::app {

std::vector<exposition::UncleanNotice> take_unclean_exits(const std::string& folder) {
  std::vector<exposition::UncleanNotice> notices;
  for (const diagnostics::UncleanExit& exit : diagnostics::take_unclean(folder)) {
    notices.push_back({diagnostics::cause_of(exit), diagnostics::explain(exit)});
    spdlog::warn("{}", fmt::join(notices.back().lines, "; "));
  }
  return notices;
}

ExitRecord::ExitRecord(const std::string& folder, const Clock& clock) : clock_(clock) {
  if (folder.empty()) return;
  auto crash_record = diagnostics::CrashRecord::create(folder);
  if (!crash_record) {
    spdlog::warn("no crash record can be kept in CACHE_DIR: {}", crash_record.error().message);
    return;
  }
  crash_record_ = *std::move(crash_record);
  record_.pid = getpid();
  record_.started_unix_ms = clock.unix_ms();
  record_.version = kVersion;
}

void ExitRecord::name_handlers(std::span<const metrics::HandlerUse> top) {
  record_.top_handlers = {};
  for (std::size_t i = 0; i < std::min(top.size(), kHandlers); ++i) {
    diagnostics::HandlerUse& named = record_.top_handlers[i];
    named.name = top[i].name;
    named.bytes = top[i].running > 0 ? top[i].held_bytes : top[i].high_water_bytes;
    named.running = top[i].running;
  }
}

void ExitRecord::update(const budget::MemoryView& view, const budget::Ledger& ledger,
                        const InProgress& in_progress) {
  if (!crash_record_) return;
  const system::MemoryLimits& limits = view.limits;
  record_.written_unix_ms = clock_.unix_ms();
  record_.container_limit_bytes = limits.container_limit_bytes.value_or(0);
  record_.working_set_bytes = limits.container_limit_bytes ? limits.working_set_bytes : view.measured_bytes;
  record_.neighbours_bytes = limits.neighbours_bytes;
  record_.machine_total_bytes = limits.machine_total_bytes;
  record_.machine_available_bytes = limits.machine_available_bytes;
  record_.budget_bytes = limits.budget_bytes;
  record_.reserve_bytes = limits.reserve_bytes;
  record_.grantable_bytes = limits.grantable_bytes;
  record_.resident_bytes = view.resident_bytes;
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind)
    record_.accounted_bytes[kind] = ledger.granted(static_cast<budget::Kind>(kind));
  record_.executions_running = in_progress.running;
  record_.executions_queued = in_progress.queued;
  crash_record_->update(record_);
}

}  // namespace nexus::app
