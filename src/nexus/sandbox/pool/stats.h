// What a pool has done and holds, as numbers that can be added to those of other pools.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nexus/foundation/base/duration_histogram.h"
#include "nexus/sandbox/pool/policy.h"

namespace nexus::pool {

// From 10 us, which is more than handing over an idle instance takes, over the making of one (300 us) to beyond
// the default of QUEUE_TIMEOUT_MS (2 s).
using WaitTimes = DurationHistogram<10'000, 5'000'000'000>;

struct PoolStats {
  std::uint64_t active = 0, idle = 0;                  // instances now
  std::uint64_t waiting = 0;                           // callers now
  std::uint64_t memory_bytes = 0;                      // total_memory()
  std::uint64_t created = 0;                           // since the start
  std::array<std::uint64_t, kRetiredCount> retired{};  // since the start, by Retired
  WaitTimes waits;  // from asking to being given an instance; of those who got none, nothing

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
