#include "nexus/sandbox/memory/linear_memory.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "memories.h"

namespace nexus::memory {
namespace {

class LinearMemoryTest : public Memories {};

// ---- slices ----

TEST_F(LinearMemoryTest, SliceIsInsideOrNone) {
  const auto m = memory();
  ASSERT_TRUE(m->grow_to(2 * kWasmPageBytes));
  const auto size = static_cast<std::uint32_t>(m->size());
  EXPECT_EQ(m->slice(0, size)->data(), m->base());
  EXPECT_EQ(m->slice(size - 1, 1)->size(), 1U);
  EXPECT_EQ(m->slice(size, 0)->size(), 0U);
  EXPECT_FALSE(m->slice(size, 1));
  EXPECT_FALSE(m->slice(size + 1, 0));
  EXPECT_FALSE(m->slice(0, size + 1));
  EXPECT_FALSE(m->slice(1, UINT32_MAX));  // the sum wraps in 32 bits
  EXPECT_FALSE(m->slice(UINT32_MAX, 1));
  EXPECT_FALSE(m->slice(UINT32_MAX, UINT32_MAX));
  EXPECT_FALSE(m->slice(0x80000000, 0x80000000));
}

// ---- growth ----

TEST_F(LinearMemoryTest, GrowsToLimitAndKeepsFirstRefusal) {
  const auto m = memory();
  m->set_limit(3 * kWasmPageBytes);
  EXPECT_TRUE(m->grow_to(3 * kWasmPageBytes));
  EXPECT_FALSE(m->refusal());
  EXPECT_FALSE(m->grow_to(5 * kWasmPageBytes));
  EXPECT_FALSE(m->grow_to(9 * kWasmPageBytes));
  EXPECT_EQ(m->size(), 3 * kWasmPageBytes);
  EXPECT_EQ(m->refusal(),
            (LimitReached{"handler", "memoryLimitBytes", 3 * kWasmPageBytes, 5 * kWasmPageBytes}));
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), 3 * kWasmPageBytes);
}

TEST_F(LinearMemoryTest, LedgerRefusalKeepsSize) {
  const auto m = memory();
  ledger_.set_limit(2 * kWasmPageBytes);
  EXPECT_TRUE(m->grow_to(2 * kWasmPageBytes));
  EXPECT_FALSE(m->grow_to(3 * kWasmPageBytes));
  EXPECT_EQ(m->size(), 2 * kWasmPageBytes);
  ASSERT_TRUE(m->refusal());
  EXPECT_EQ(m->refusal()->layer, "budget");
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), 2 * kWasmPageBytes);
}

TEST_F(LinearMemoryTest, ResetClearsRefusal) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(2)));
  m->set_limit(2 * kWasmPageBytes);
  EXPECT_FALSE(m->grow_to(3 * kWasmPageBytes));
  m->reset();
  EXPECT_FALSE(m->refusal());
}

TEST_F(LinearMemoryTest, ResetZeroesAndReturnsGrownBytes) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(1)));
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(m->grow_to(4 * kWasmPageBytes));
    for (std::size_t page = 16; page < 64; ++page) {
      ASSERT_EQ(m->base()[page * kPageBytes + 17], std::byte{0}) << page;
      write(*m, page);
    }
    m->reset();
    EXPECT_TRUE(m->is_pristine());
    EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), m->charged_bytes());
    EXPECT_LE(m->charged_bytes(), kWasmPageBytes);
  }
  EXPECT_EQ(m->faults(), 0U) << "grown pages are not tracked";
}

TEST_F(LinearMemoryTest, DestructorGivesBackEverything) {
  {
    const auto m = memory();
    ASSERT_TRUE(m->take(image(5)));
    EXPECT_TRUE(m->grow_to(9 * kWasmPageBytes));
    EXPECT_EQ(arena_->owner_of(m->base()), m.get());
  }
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), 0U);
  EXPECT_EQ(arena_->owner_of(arena_->slot_base(0)), nullptr);
}

TEST_F(LinearMemoryTest, FailsWithoutFreeSlot) {
  std::vector<std::unique_ptr<LinearMemory>> all;
  for (std::size_t i = 0; i < arena_->slots(); ++i)
    all.push_back(memory());
  const auto one_more = LinearMemory::create(*arena_, ledger_, Tracking::kLearnHotPages);
  ASSERT_FALSE(one_more);
  EXPECT_EQ(one_more.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(one_more.error().limit, (LimitReached{"pool", "MAX_INSTANCES", 8, 9}));
}

TEST_F(LinearMemoryTest, PrepaidGrowthNeedsNoGrantAndReturnsTheRest) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(1)));
  m->prepay(*ledger_.grant(budget::Kind::kInstances, 3 * kWasmPageBytes));
  ledger_.set_limit(0);
  EXPECT_TRUE(m->grow_to(4 * kWasmPageBytes));
  EXPECT_FALSE(m->grow_to(5 * kWasmPageBytes));
  m->reset();
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), m->charged_bytes());
}

TEST_F(LinearMemoryTest, ImagePagesAreChargedWhenWritten) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(4)));
  m->reset();
  const std::size_t before = m->charged_bytes();
  for (std::size_t page = 0; page < 64; ++page)
    write(*m, page);
  ledger_.set_limit(before);
  EXPECT_FALSE(m->settle()) << "refused, and counted";
  EXPECT_EQ(m->charged_bytes(), 64 * kPageBytes);
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), 64 * kPageBytes);
  EXPECT_TRUE(m->settle()) << "nothing new";
}

// The charge equals the memory that the kernel has given, for any sequence of images.
TEST_F(LinearMemoryTest, ChargeEqualsResidentBytes) {
  const auto m = memory();
  const auto base = image(6);
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(m->take(image(3 + below(6), below(4) == 0 ? nullptr : base)));
    for (std::size_t calls = below(4); calls > 0; --calls) {
      for (std::size_t n = below(30); n > 0; --n)
        write(*m, below(m->size() / kPageBytes));
      m->reset();
    }
    const std::size_t resident = resident_bytes(*m);
    EXPECT_GE(m->charged_bytes(), resident) << round;
    EXPECT_LE(m->charged_bytes(), resident + 32 * kPageBytes) << round;
  }
}

// ---- images ----

TEST_F(LinearMemoryTest, RefusedImageKeepsPreviousOne) {
  const auto m = memory();
  const auto small = image(2);
  ASSERT_TRUE(m->take(small));
  ledger_.set_limit(m->charged_bytes() + 4 * kPageBytes);
  const auto refused = m->take(image(4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().limit->layer, "budget");
  EXPECT_EQ(m->image(), small);
  EXPECT_TRUE(m->is_pristine());
}

TEST_F(LinearMemoryTest, UntrackedMemoryCanTakeAnyImage) {
  const auto m = memory();
  const auto first = image(4);
  ASSERT_TRUE(m->take(first));
  m->stop_tracking();
  ASSERT_TRUE(m->grow_to(6 * kWasmPageBytes));
  for (std::size_t page = 0; page < 96; ++page)
    write(*m, page);
  EXPECT_EQ(m->faults(), 0U);
  EXPECT_FALSE(m->is_pristine());
  ASSERT_TRUE(m->take(first));
  EXPECT_TRUE(m->is_pristine());
}

// ---- hot and cold ----

TEST_F(LinearMemoryTest, ColdPageFaultsOnce) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(4)));
  EXPECT_EQ(m->hot_pages(), 0U);
  for (int round = 0; round < 3; ++round) {
    write(*m, 20);
    write(*m, 20, 3);
    EXPECT_FALSE(m->is_pristine());
    m->reset();
    EXPECT_TRUE(m->is_pristine());
  }
  EXPECT_EQ(m->faults(), 1U);
  EXPECT_EQ(m->hot().runs(), (std::vector<PageRun>{{20, 1}}));
}

TEST_F(LinearMemoryTest, NeighboursMergeOverGapsOfOne) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(4)));
  write(*m, 10);
  write(*m, 12);
  EXPECT_EQ(m->hot().runs(), (std::vector<PageRun>{{10, 3}}));
  write(*m, 15);  // a gap of two
  EXPECT_EQ(m->hot().runs(), (std::vector<PageRun>{{10, 3}, {15, 1}}));
  write(*m, 14);
  EXPECT_EQ(m->hot().runs(), (std::vector<PageRun>{{10, 6}}));
  m->reset();
  EXPECT_TRUE(m->is_pristine());
  EXPECT_EQ(m->faults(), 4U);
}

TEST_F(LinearMemoryTest, LearnedPagesAreSharedByInstances) {
  const auto a = memory(), b = memory();
  const auto shared = image(8);
  ASSERT_TRUE(a->take(shared));
  for (const std::size_t page : {3, 40, 90})
    write(*a, page);
  a->reset();
  ASSERT_TRUE(b->take(shared));
  EXPECT_EQ(b->hot().runs(), a->hot().runs());
  for (const std::size_t page : {3, 40, 90})
    write(*b, page);
  EXPECT_EQ(b->faults(), 0U);
  b->reset();
  EXPECT_TRUE(b->is_pristine());
}

// Every fourth page of many, in any order: a 25th run would be one mapping too many.
TEST_F(LinearMemoryTest, NeverHasMoreThan24Runs) {
  for (int round = 0; round < 20; ++round) {
    const auto m = memory();
    ASSERT_TRUE(m->take(image(32)));
    std::vector<std::size_t> pages;
    for (std::size_t page = 0; page < 512; page += 4)
      pages.push_back(page);
    std::ranges::shuffle(pages, random_);
    for (const std::size_t page : pages) {
      write(*m, page);
      ASSERT_LE(m->hot().run_count(), 24U);
    }
    m->reset();
    EXPECT_TRUE(m->is_pristine());
  }
}

// The isolated page has no neighbour within half of the memory.
TEST_F(LinearMemoryTest, IsolatedPageDoesNotMakeA25thRun) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(32)));
  for (std::size_t i = 0; i < 24; ++i)
    write(*m, 511 - 4 * i);
  EXPECT_EQ(m->hot().run_count(), 24U);
  write(*m, 0);
  EXPECT_LE(m->hot().run_count(), 24U);
}

TEST_F(LinearMemoryTest, LearnedAndDifferingPagesMakeAtMost24Runs) {
  const auto shared = image(32);
  PageSet scattered(shared->pages());
  for (std::size_t page = 0; page < 512; page += 7)
    scattered.add(page);
  shared->learned().merge(scattered);
  const auto m = memory();
  ASSERT_TRUE(m->take(shared));
  EXPECT_LE(m->hot().run_count(), 24U);
  EXPECT_GE(m->hot_pages(), scattered.count());

  std::vector<std::byte> bytes(m->bytes().begin(), m->bytes().end());
  for (std::size_t page = 3; page < 512; page += 7)
    bytes[page * kPageBytes] ^= std::byte{1};
  const auto other = Image::freeze(bytes, shared);
  ASSERT_TRUE(m->take(other));
  EXPECT_LE(m->hot().run_count(), 24U);
  EXPECT_TRUE(m->is_pristine());
}

TEST_F(LinearMemoryTest, ChangeOfImageKeepsHotPages) {
  const auto m = memory();
  const auto base = image(8);
  ASSERT_TRUE(m->take(base));
  for (std::size_t page = 30; page < 50; ++page)
    write(*m, page);
  m->reset();
  std::vector<std::byte> bytes(m->bytes().begin(), m->bytes().end());
  bytes[100 * kPageBytes] ^= std::byte{1};
  const auto other = Image::freeze(bytes, base);
  ASSERT_TRUE(m->take(other));
  EXPECT_EQ(m->hot().runs(), (std::vector<PageRun>{{30, 20}, {100, 1}}));
  const std::uint64_t before = m->faults();
  for (std::size_t page = 30; page < 50; ++page)
    write(*m, page);
  EXPECT_EQ(m->faults(), before);
  m->reset();
  EXPECT_TRUE(m->is_pristine());
}

TEST_F(LinearMemoryTest, RelearnsWhenFarTooManyPagesAreHot) {
  const auto m = memory();
  const auto large = image(16), small = Image::freeze(std::vector<std::byte>(16 * kWasmPageBytes), nullptr);
  PageSet needed(small->pages());
  needed.add(PageRun{5, 2});
  small->learned().merge(needed);
  ASSERT_TRUE(m->take(large));
  for (std::size_t page = 100; page < 200; ++page)
    write(*m, page);
  m->reset();
  ASSERT_TRUE(m->take(small));  // differs in about 128 pages as well
  EXPECT_EQ(m->hot().runs(), (std::vector<PageRun>{{5, 2}}));
  EXPECT_TRUE(m->is_pristine());
  write(*m, 150);
  EXPECT_FALSE(m->is_pristine());
  m->reset();
  EXPECT_TRUE(m->is_pristine());
}

TEST_F(LinearMemoryTest, CopyingEverythingNeedsNoFault) {
  const auto m = memory(Tracking::kCopyEverything);
  ASSERT_TRUE(m->take(image(4)));
  for (std::size_t page = 0; page < 64; ++page)
    write(*m, page);
  m->reset();
  EXPECT_TRUE(m->is_pristine());
  EXPECT_EQ(m->faults(), 0U);
  EXPECT_EQ(m->hot_pages(), 64U);
}

}  // namespace
}  // namespace nexus::memory
