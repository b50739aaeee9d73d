// Address space for all linear memories: one reservation, cut into slots of equal size, so that the owner of any
// address is found by arithmetic, without a lock, inside a signal handler.
//
//   base                base + stride           base + 2 * stride
//    │ memory 0 │ guard │ memory 1      │ guard │ ...                 stride = 4 GiB + guard
//
// A memory starts at its slot's start. What it may not touch is PROT_NONE; the guard always is, and is as wide as the
// largest constant offset for which compiled code makes no bounds check.
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
  // kInternalError with the kernel's word when so much address space cannot be had (ulimit -v).
  static Result<std::unique_ptr<Arena>> create(std::size_t slots);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  std::optional<std::size_t> take_slot();  // the lowest free one
  void give_back(std::size_t slot);        // its pages are dropped
  std::byte* slot_base(std::size_t slot) const { return base_ + slot * kStrideBytes; }

  void set_owner(std::size_t slot, LinearMemory* owner);
  // The memory whose slot holds the address; null when none does. Async-signal-safe.
  LinearMemory* owner_of(const void* address) const;

  std::size_t slots() const { return slots_; }

  // Of the memories in it, which keep it themselves.
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
