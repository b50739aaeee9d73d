// The memory monitor: measures the process and the kernel's limits, and sets the ledger's total.
//
//   │ server, measured at rest │ other kinds, granted │ unaccounted, measured now │ free │ reserve │  the tightest limit
//
// Some memory cannot be charged before it is used: the allocator's spare memory, sockets, the program itself. While
// no handler runs, this memory is measured and charged as kind `server`. Memory above that charge while handlers run
// is unaccounted, and is subtracted from the ledger's total until the next measurement at rest.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/system/container_memory.h"
#include "nexus/foundation/system/memory_limits.h"

namespace nexus::budget {

// The result of one measurement.
struct MemoryView {
  system::MemoryLimits limits;
  std::uint64_t resident_bytes = 0;
  std::uint64_t measured_bytes =
      0;  // compared with the limits: the container's working set, or the resident bytes without a container
  std::uint64_t unaccounted_bytes = 0;  // measured, but granted to no kind
};

// Thread-safe.
class MemoryMonitor {
 public:
  struct Options {
    std::optional<std::uint64_t> budget_bytes;  // MEMORY_BUDGET_MB
    // The least of kind kInstances, so that one handler can always grow to its limit; capped at a quarter of the
    // grantable bytes.
    std::uint64_t instances_least_bytes = 0;
  };

  // Measures once. `ledger` must outlive the monitor.
  MemoryMonitor(BoundedLedger& ledger, system::ReadFile read, Options options);

  // Reads the kernel's files: about 100 us. `is_at_rest`: no handler runs, so that all bytes without a grant belong
  // to the server itself.
  void look(bool is_at_rest);

  MemoryView view() const;

 private:
  BoundedLedger& ledger_;
  system::ReadFile read_;
  Options options_;
  system::ContainerWatch container_;
  Grant server_;
  std::mutex looking_;
  mutable std::mutex mutex_;  // for the view
  MemoryView view_;
};

}  // namespace nexus::budget
