#include "nexus/sandbox/memory/arena.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <random>
#include <set>

#include "nexus/sandbox/memory/linear_memory.h"

namespace nexus::memory {
namespace {

// Owners are only compared, never dereferenced.
LinearMemory* name(std::uintptr_t n) { return reinterpret_cast<LinearMemory*>(n * 64); }

TEST(Arena, FindsTheOwnerOfAnAddressAtEveryEdge) {
  const auto arena = *Arena::create(4);
  for (std::size_t slot = 0; slot < 3; ++slot)
    arena->set_owner(slot, name(slot + 1));
  for (std::size_t slot = 0; slot < 3; ++slot) {
    const std::byte* base = arena->slot_base(slot);
    EXPECT_EQ(base, arena->slot_base(0) + slot * kStrideBytes);
    EXPECT_EQ(arena->owner_of(base), name(slot + 1));
    EXPECT_EQ(arena->owner_of(base + kReservationBytes - 1), name(slot + 1));
    EXPECT_EQ(arena->owner_of(base + kReservationBytes), name(slot + 1)) << "its guard is its own";
    EXPECT_EQ(arena->owner_of(base + kStrideBytes - 1), name(slot + 1));
  }
  EXPECT_EQ(arena->owner_of(arena->slot_base(3)), nullptr) << "nobody's";
  EXPECT_EQ(arena->owner_of(arena->slot_base(0) - 1), nullptr);
  EXPECT_EQ(arena->owner_of(arena->slot_base(3) + kStrideBytes), nullptr);
  EXPECT_EQ(arena->owner_of(nullptr), nullptr);
  EXPECT_EQ(arena->owner_of(reinterpret_cast<void*>(UINTPTR_MAX)), nullptr);
  arena->set_owner(1, nullptr);
  EXPECT_EQ(arena->owner_of(arena->slot_base(1)), nullptr);
  EXPECT_EQ(arena->owner_of(arena->slot_base(2)), name(3));
}

TEST(Arena, TakesEachSlotOnceLowestFirst) {
  const auto arena = *Arena::create(6);
  for (std::size_t slot = 0; slot < 6; ++slot)
    EXPECT_EQ(arena->take_slot(), slot);
  EXPECT_EQ(arena->take_slot(), std::nullopt);
  for (const std::size_t slot : {4, 1, 3})
    arena->give_back(slot);
  EXPECT_EQ(arena->take_slot(), 1U);
  EXPECT_EQ(arena->take_slot(), 3U);
  EXPECT_EQ(arena->take_slot(), 4U);
  EXPECT_EQ(arena->take_slot(), std::nullopt);
}

TEST(Arena, FuzzOfSlotsAgainstASet) {
  const auto arena = *Arena::create(9);
  std::set<std::size_t> free = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  std::mt19937_64 random(4);
  for (int i = 0; i < 2000; ++i) {
    const std::size_t slot = random() % 9;
    if (random() % 2 == 0 && !free.contains(slot)) {
      arena->give_back(slot);
      free.insert(slot);
    } else if (free.empty()) {
      ASSERT_EQ(arena->take_slot(), std::nullopt);
    } else {
      ASSERT_EQ(arena->take_slot(), *free.begin());
      free.erase(free.begin());
    }
  }
}

TEST(Arena, AReusedSlotIsZero) {
  const auto arena = *Arena::create(2);
  const std::size_t slot = *arena->take_slot();
  std::byte* base = arena->slot_base(slot);
  ASSERT_EQ(mprotect(base, 4 * kPageBytes, PROT_READ | PROT_WRITE), 0);
  std::memset(base, 0x5a, 4 * kPageBytes);
  arena->give_back(slot);
  ASSERT_EQ(arena->take_slot(), slot);
  ASSERT_EQ(mprotect(base, 4 * kPageBytes, PROT_READ | PROT_WRITE), 0);
  for (std::size_t i = 0; i < 4 * kPageBytes; i += 512)
    ASSERT_EQ(base[i], std::byte{0});
}

TEST(Arena, TooMuchAddressSpaceNamesSetting) {
  const auto arena = Arena::create(100'000);  // 400 TiB
  ASSERT_FALSE(arena.has_value());
  EXPECT_NE(arena.error().message.find("MAX_INSTANCES"), std::string::npos) << arena.error().message;
}

}  // namespace
}  // namespace nexus::memory
