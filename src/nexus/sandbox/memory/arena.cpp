#include "nexus/sandbox/memory/arena.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>

namespace nexus::memory {

Result<std::unique_ptr<Arena>> Arena::create(std::size_t slots) {
  void* base =
      mmap(nullptr, slots * kStrideBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) {
    return fail(
        ErrorCode::kInternalError,
        fmt::format("cannot reserve {} GiB of address space for {} instances: {} (see `ulimit -v`, or lower "
                    "MAX_INSTANCES)",
                    slots * kStrideBytes >> 30, slots, std::strerror(errno)));
  }
  return std::unique_ptr<Arena>(new Arena(static_cast<std::byte*>(base), slots));
}

Arena::Arena(std::byte* base, std::size_t slots) : base_(base), slots_(slots), owners_(slots), free_(slots) {
  for (std::size_t i = 0; i < slots; ++i)
    free_[i] = i;
}

Arena::~Arena() { munmap(base_, slots_ * kStrideBytes); }

std::optional<std::size_t> Arena::take_slot() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return std::nullopt;
  std::ranges::pop_heap(free_, std::greater{});
  const std::size_t slot = free_.back();
  free_.pop_back();
  return slot;
}

void Arena::give_back(std::size_t slot) {
  // A fresh mapping drops the pages and merges all parts that mprotect has split, in one call.
  void* again = mmap(slot_base(slot), kStrideBytes, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (again == MAP_FAILED) {
    madvise(slot_base(slot), kReservationBytes, MADV_DONTNEED);
    return;  // the slot is lost: it must not be reused with accessible pages in it
  }
  const std::lock_guard lock(mutex_);
  free_.push_back(slot);
  std::ranges::push_heap(free_, std::greater{});
}

void Arena::set_owner(std::size_t slot, LinearMemory* owner) {
  owners_[slot].store(owner, std::memory_order_release);
}

LinearMemory* Arena::owner_of(const void* address) const {
  const auto offset = static_cast<std::size_t>(static_cast<const std::byte*>(address) - base_);
  const std::size_t slot = offset / kStrideBytes;  // an address below the base wraps to a huge offset
  return slot < slots_ ? owners_[slot].load(std::memory_order_acquire) : nullptr;
}

}  // namespace nexus::memory
