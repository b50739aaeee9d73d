// Counts of a pool; those of several pools can be added.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nexus/foundation/base/duration_histogram.h"
#include "nexus/sandbox/pool/policy.h"

namespace nexus::pool {

// From 10 us, above the time to give out an idle instance, past the time to make one (300 us), to beyond the default
// of QUEUE_TIMEOUT_MS (2 s).
using WaitTimes = DurationHistogram<10'000, 5'000'000'000>;

struct PoolStats {
  std::uint64_t active = 0, idle = 0;                  // instances, current
  std::uint64_t waiting = 0;                           // callers, current
  std::uint64_t memory_bytes = 0;                      // total_memory()
  std::uint64_t created = 0;                           // since the start
  std::array<std::uint64_t, kRetiredCount> retired{};  // since the start, by Retired
  WaitTimes waits;  // from acquire() to an instance; rejected callers are not counted

  void add(const PoolStats& other) {
    active += other.active;
    idle += other.idle;
    waiting += other.waiting;
    memory_bytes += other.memory_bytes;
    created += other.created;
    for (std::size_t reason = 0; reason < kRetiredCount; ++reason)
      retired[reason] += other.retired[reason];
    waits.add(other.waits);
  }
};

}  // namespace nexus::pool
