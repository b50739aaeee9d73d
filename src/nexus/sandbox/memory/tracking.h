// The two ways to find the pages that a call has written, and the number of memories that use each.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace nexus::memory {

// kCopyEverything is the simple way: the oracle of the other, and the fallback when the kernel has no mappings left.
enum class Tracking : std::uint8_t { kLearnHotPages, kCopyEverything };

// The number of memories per way.
struct TrackingCounts {
  std::uint64_t learning = 0;
  std::uint64_t copying = 0;
};

// Thread-safe and async-signal-safe.
class TrackingTally {
 public:
  void add(Tracking way) noexcept { count_of(way).fetch_add(1, std::memory_order_relaxed); }
  void remove(Tracking way) noexcept { count_of(way).fetch_sub(1, std::memory_order_relaxed); }
  TrackingCounts counts() const {
    return {counts_[0].load(std::memory_order_relaxed), counts_[1].load(std::memory_order_relaxed)};
  }

 private:
  std::atomic<std::uint64_t>& count_of(Tracking way) { return counts_[static_cast<std::size_t>(way)]; }
  std::array<std::atomic<std::uint64_t>, 2> counts_{};  // by Tracking
};

}  // namespace nexus::memory
