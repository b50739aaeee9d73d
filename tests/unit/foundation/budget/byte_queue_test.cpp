#include "nexus/foundation/budget/byte_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "support/steps.h"

namespace nexus::budget {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Takes from `free` while it lasts.
ByteQueue::Take up_to(std::uint64_t& free) {
  return [&free](ByteQueue::Id, std::uint64_t bytes) {
    if (bytes > free) return false;
    free -= bytes;
    return true;
  };
}

TEST(ByteQueue, AdmitsFittingRequestsInOrderOfArrival) {
  ByteQueue queue(10);
  for (const ByteQueue::Id id : {1, 2, 3})
    EXPECT_TRUE(queue.add(id, 10, 0));
  std::uint64_t free = 25;
  EXPECT_THAT(queue.admit(up_to(free)), ElementsAre(1, 2));
  EXPECT_THAT(queue.admit(up_to(free)), IsEmpty());
  free = 10;
  EXPECT_THAT(queue.admit(up_to(free)), ElementsAre(3));
}

TEST(ByteQueue, SmallRequestsPassALargeOneOnlySoOften) {
  ByteQueue queue(100);
  EXPECT_TRUE(queue.add(0, 1000, 0));
  for (ByteQueue::Id id = 1; id <= 20; ++id)
    EXPECT_TRUE(queue.add(id, 1, 0));
  std::uint64_t free = 500;
  EXPECT_EQ(queue.admit(up_to(free)).size(), ByteQueue::kMostPasses);
  EXPECT_THAT(queue.admit(up_to(free)), IsEmpty()) << "what comes free is kept for the large one";
  free = 1001;
  EXPECT_THAT(queue.admit(up_to(free)), ElementsAre(0, 17));
}

TEST(ByteQueue, RejectsWhenFull) {
  ByteQueue queue(2);
  EXPECT_TRUE(queue.add(1, 1, 0));
  EXPECT_FALSE(queue.is_full());
  EXPECT_TRUE(queue.add(2, 1, 0));
  EXPECT_TRUE(queue.is_full());
  EXPECT_FALSE(queue.add(3, 1, 0));
  EXPECT_FALSE(ByteQueue(0).add(1, 1, 0));
}

TEST(ByteQueue, ExpiresAfterTimeout) {
  ByteQueue queue(10);
  EXPECT_TRUE(queue.add(1, 1, 150));
  EXPECT_TRUE(queue.add(2, 1, 100));
  EXPECT_THAT(queue.expire(99), IsEmpty());
  EXPECT_THAT(queue.expire(100), ElementsAre(2));
  EXPECT_THAT(queue.expire(150), ElementsAre(1));
  EXPECT_EQ(queue.size(), 0u);
}

// Invariants: nobody is passed more often than kMostPasses, no request is granted above the free bytes, none is lost.
TEST(ByteQueue, RandomCallersNeverStarveOrOvercommit) {
  std::mt19937_64 random(3);
  ByteQueue queue(50);
  struct Waiting {
    std::uint64_t bytes;
    std::int64_t until;
    std::uint32_t passed = 0;
  };
  std::map<ByteQueue::Id, Waiting> waiting;  // by arrival
  ByteQueue::Id last = 0;
  std::int64_t now = 0;
  std::uint64_t free = 0;
  const std::uint64_t steps = testing::steps(300'000);
  for (std::uint64_t i = 0; i < steps; ++i) {
    now += static_cast<std::int64_t>(random() % 20);
    if (random() % 3 != 0) {
      const std::uint64_t bytes = 1 + random() % (random() % 4 == 0 ? 1000 : 20);
      const auto until = now + static_cast<std::int64_t>(1 + random() % 1000);
      ASSERT_EQ(queue.add(++last, bytes, until), waiting.size() < 50);
      if (waiting.size() < 50) waiting[last] = {bytes, until};
    }
    free = std::min<std::uint64_t>(free + random() % 60, 1200);
    const std::uint64_t before = free;
    std::uint64_t taken = 0;
    for (const auto id : queue.admit(up_to(free))) {
      ASSERT_TRUE(waiting.contains(id));
      taken += waiting[id].bytes;
      for (auto earlier = waiting.begin(); earlier->first != id; ++earlier)
        ASSERT_LE(++earlier->second.passed, ByteQueue::kMostPasses);
      waiting.erase(id);
    }
    ASSERT_EQ(free, before - taken);
    ASSERT_TRUE(waiting.empty() || waiting.begin()->second.bytes > free)
        << "the first fits and was not asked";
    for (const auto id : queue.expire(now)) {
      ASSERT_LE(waiting[id].until, now);
      waiting.erase(id);
    }
    for (const auto& [id, one] : waiting)
      ASSERT_GT(one.until, now);
    ASSERT_EQ(queue.size(), waiting.size());
  }
}

}  // namespace
}  // namespace nexus::budget
