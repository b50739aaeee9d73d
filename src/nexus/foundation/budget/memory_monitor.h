// Follows what the kernel says and tells the ledger how much it may grant.
//
//   │ server, as measured at rest │ other kinds, as granted │ unaccounted, as measured now │ free │ reserve │  the tightest limit
//
// What the process has beyond what the ledger knows (the allocator's spare memory, sockets, the program itself) cannot be
// charged before it is used. While nothing runs it is measured and carried as a charge of kind `server`; what comes on top of
// that while handlers run is unaccounted, and taken off what may be granted until the next rest.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/system/container_memory.h"
#include "nexus/foundation/system/memory_limits.h"

namespace nexus::budget {

// What one look has found.
struct MemoryView {
  system::MemoryLimits limits;
  std::uint64_t resident_bytes = 0;
  std::uint64_t measured_bytes =
      0;  // what counts against the limits: the container's working set, else what is resident
  std::uint64_t unaccounted_bytes = 0;  // measured, but not granted
};

// Thread-safe.
class MemoryMonitor {
 public:
  struct Options {
    std::optional<std::uint64_t> budget_bytes;  // MEMORY_BUDGET_MB
    // Kept free of all other kinds, so that one handler can always grow to its limit; at most a quarter of what may be
    // granted.
    std::uint64_t instances_least_bytes = 0;
  };

  // Looks for the first time. The ledger must outlive it.
  MemoryMonitor(BoundedLedger& ledger, system::ReadFile read, Options options);

  // Asks the kernel: about 100 us. `is_at_rest`: no handler runs, so that what is there and not granted is the server's own.
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
