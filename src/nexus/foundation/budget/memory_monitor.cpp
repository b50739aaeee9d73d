#include "nexus/foundation/budget/memory_monitor.h"

#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/base/units.h"

namespace nexus::budget {
namespace {

// Buffers for bodies and responses may take half: serving them needs memory as well.
Shares shares_of(std::uint64_t grantable, std::uint64_t instances_least) {
  Shares shares{};
  shares[static_cast<std::size_t>(Kind::kInstances)].least = std::min(instances_least, grantable / 4);
  shares[static_cast<std::size_t>(Kind::kBuffers)].most = grantable / 2;
  return shares;
}

// Growth leaves this much free: enough for some tens of small instances.
std::uint64_t headroom_of(std::uint64_t grantable) { return std::clamp(grantable / 6, 4_MiB, 64_MiB); }

struct Resident {
  std::uint64_t bytes = 0;
  std::uint64_t own_bytes = 0;  // without file pages: the kernel drops those before it kills
};

// /proc/self/statm: the pages of address space, of resident memory, and of its file-backed part.
Resident resident_now(const system::ReadFile& read) {
  std::istringstream text(read("/proc/self/statm").value_or(""));
  std::uint64_t size = 0, all = 0, of_files = 0;
  text >> size >> all >> of_files;
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return {all * page, minus(all, of_files) * page};
}

}  // namespace

MemoryMonitor::MemoryMonitor(BoundedLedger& ledger, system::ReadFile read, Options options)
    : ledger_(ledger),
      read_(std::move(read)),
      options_(options),
      container_(read_),
      server_(ledger.open(Kind::kServer)) {
  look(true);
}

void MemoryMonitor::look(bool is_at_rest) {
  const std::lock_guard looking(looking_);
  MemoryView now;
  now.limits =
      memory_limits_of(container_.read(), read_("/proc/meminfo").value_or(""), options_.budget_bytes);
  const Resident resident = resident_now(read_);
  now.resident_bytes = resident.bytes;
  // Without a limit the group may be a whole session; memory of its other processes is not counted.
  now.measured_bytes = now.limits.container_limit_bytes
                           ? std::max(resident.own_bytes, now.limits.working_set_bytes)
                           : now.resident_bytes;
  const std::uint64_t granted = ledger_.state().accounts.granted();
  if (is_at_rest) {
    const std::uint64_t others = granted - server_.bytes();
    server_.set_to(minus(now.measured_bytes, others));
  } else {
    now.unaccounted_bytes = minus(now.measured_bytes, granted);
  }
  const system::MemoryLimits& limits = now.limits;
  const bool is_container = limits.tightest == "container";
  ledger_.set(minus(limits.grantable_bytes, now.unaccounted_bytes),
              shares_of(limits.grantable_bytes, options_.instances_least_bytes),
              {limits.tightest, limits.setting,
               is_container ? limits.container_limit_bytes.value_or(0) : limits.budget_bytes},
              headroom_of(limits.grantable_bytes));
  const std::lock_guard lock(mutex_);
  view_ = std::move(now);
}

MemoryView MemoryMonitor::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

}  // namespace nexus::budget
