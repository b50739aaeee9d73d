// The address space of all linear memories: one reservation of equal slots, so that a signal handler finds the owner
// of an address by arithmetic, without a lock.
//
//   base                base + stride           base + 2 * stride
//    │ memory 0 │ guard │ memory 1      │ guard │ ...                 stride = 4 GiB + guard
//
// A memory starts at its slot's start. Inaccessible parts are PROT_NONE. The guard always is, and is as wide as the
// largest constant offset that compiled code uses without a bounds check.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/base/units.h"
#include "nexus/sandbox/memory/tracking.h"

namespace nexus::memory {

class LinearMemory;

inline constexpr std::size_t kReservationBytes = 4_GiB;
inline constexpr std::size_t kGuardBytes = 32_MiB;
inline constexpr std::size_t kStrideBytes = kReservationBytes + kGuardBytes;

// Thread-safe. Must outlive the memories in it.
class Arena {
 public:
  // kInternalError with the kernel's reason if so much address space is not available (ulimit -v).
  static Result<std::unique_ptr<Arena>> create(std::size_t slots);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::optional<std::size_t> take_slot();  // the lowest free slot
  void give_back(std::size_t slot);        // releases its pages
  std::byte* slot_base(std::size_t slot) const { return base_ + slot * kStrideBytes; }

  void set_owner(std::size_t slot, LinearMemory* owner);
  // The memory in whose slot the address lies; null if there is none. Async-signal-safe.
  LinearMemory* owner_of(const void* address) const;

  std::size_t slots() const { return slots_; }

  // Maintained by the memories of this arena.
  TrackingTally& tally() { return tally_; }

 private:
  Arena(std::byte* base, std::size_t slots);
  std::byte* base_;
  std::size_t slots_;
  std::vector<std::atomic<LinearMemory*>> owners_;
  TrackingTally tally_;
  std::mutex mutex_;
  std::vector<std::size_t> free_;  // a heap, lowest first
};

}  // namespace nexus::memory
