// The pool's shell, with fake instances.
#include <random>
#include <utility>

#include "fake_pool.h"

namespace nexus::pool {
namespace {

TEST_F(PoolTest, GivesAtOnceAndTakesBack) {
  Pool pool({.max_instances = 2, .min_instances = 1}, clock, factory());
  EXPECT_EQ(pool.stats().idle, 1u);
  pool.acquire(keep());
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_TRUE(leases[0]);
  EXPECT_EQ(pool.active_count(), 1u);
  EXPECT_EQ(pool.stats().idle, 0u);
  leases.clear();
  EXPECT_EQ(pool.active_count(), 0u);
  EXPECT_EQ(pool.stats().idle, 1u);
  EXPECT_EQ(pool.stats().created, 1u);
}

TEST_F(PoolTest, ReusesMostRecentlyUsed) {
  Pool pool({.max_instances = 2, .min_instances = 0}, clock, factory());
  FakeLease a = *pool.try_acquire();
  FakeLease b = *pool.try_acquire();
  FakeInstance* const last = &*a;
  b.give_back();
  EXPECT_FALSE(b);
  a.give_back();
  EXPECT_EQ(&**pool.try_acquire(), last);
}

TEST_F(PoolTest, TryAcquireDoesNotWait) {
  Pool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  const Result<FakeLease> first = pool.try_acquire();
  const Result<FakeLease> second = pool.try_acquire();
  ASSERT_TRUE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(second.error().limit,
            (LimitReached{.layer = "pool", .setting = "MAX_INSTANCES", .limit = 1, .wanted = 2}));
  EXPECT_GE(second.error().retry_after_ms, 1000);
  EXPECT_EQ(pool.waiting_count(), 0u);
}

TEST_F(PoolTest, ZeroQueueTimeoutNamesTimeoutSetting) {
  Pool pool({.max_instances = 1, .min_instances = 0, .queue_timeout_ms = 0}, clock, factory());
  const FakeLease lease = *pool.try_acquire();
  pool.acquire(keep());
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].limit->setting, "QUEUE_TIMEOUT_MS");
}

TEST_F(PoolTest, WaitingCallerGetsReturnedInstance) {
  Pool pool({.max_instances = 1, .min_instances = 0, .max_queue = 1}, clock, factory());
  FakeLease lease = *pool.try_acquire();
  pool.acquire(keep());
  pool.acquire(keep());
  EXPECT_EQ(pool.waiting_count(), 1u);
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].limit->setting, "MAX_QUEUE");
  FakeInstance* const instance = &*lease;
  lease.give_back();
  ASSERT_EQ(leases.size(), 1u);
  EXPECT_EQ(&*leases[0], instance);
  leases.clear();
}

TEST_F(PoolTest, TickRejectsCallersAfterTimeout) {
  Pool pool({.max_instances = 1, .min_instances = 0, .queue_timeout_ms = 50}, clock, factory());
  const FakeLease lease = *pool.try_acquire();
  pool.acquire(keep());
  clock.us = 49'000;
  pool.tick();
  EXPECT_TRUE(refusals.empty());
  clock.us = 50'000;
  pool.tick();
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].code, ErrorCode::kOverloaded);
  EXPECT_EQ(refusals[0].limit->setting, "QUEUE_TIMEOUT_MS");
}

TEST_F(PoolTest, MeasuresWaitOfServedCallers) {
  Pool pool({.max_instances = 1, .min_instances = 1, .max_queue = 2, .queue_timeout_ms = 50}, clock,
            factory());
  pool.acquire(keep());
  EXPECT_EQ(pool.stats().waits.count(), 1u);
  EXPECT_EQ(pool.stats().waits.sum_ns(), 0u);
  pool.acquire(keep());
  clock.us = 20'000;
  FakeLease first = std::move(leases.front());
  first.give_back();
  EXPECT_EQ(pool.stats().waits.count(), 2u);
  EXPECT_EQ(pool.stats().waits.sum_ns(), 20'000'000u);
  pool.acquire(keep());
  EXPECT_EQ(pool.stats().waiting, 1u);
  clock.us = 70'000;
  pool.tick();
  EXPECT_EQ(refusals.size(), 1u);
  EXPECT_EQ(pool.stats().waits.count(), 2u) << "who gets nothing has not waited for an instance";
  EXPECT_FALSE(pool.try_acquire());
  EXPECT_EQ(pool.stats().waits.count(), 2u);
  leases.clear();
}

TEST_F(PoolTest, CreationCountsAsWait) {
  Pool pool({.max_instances = 1, .min_instances = 0}, clock, [this] {
    clock.us += 300;
    return factory()();
  });
  EXPECT_TRUE(pool.try_acquire());
  EXPECT_EQ(pool.stats().waits.count(), 1u);
  EXPECT_EQ(pool.stats().waits.sum_ns(), 300'000u);
}

TEST_F(PoolTest, StatsOfPoolsAddUp) {
  Pool one({.max_instances = 1, .min_instances = 1}, clock, factory());
  Pool other({.max_instances = 2, .min_instances = 2}, clock, factory());
  one.try_acquire()->operator->()->terminate();
  const FakeLease lease = *other.try_acquire();
  PoolStats sum = one.stats();
  sum.add(other.stats());
  EXPECT_EQ(sum.active, 1u);
  EXPECT_EQ(sum.idle, 1u);
  EXPECT_EQ(sum.created, 3u);
  EXPECT_EQ(sum.retired[static_cast<std::size_t>(Retired::kTrap)], 1u);
  EXPECT_EQ(sum.waits.count(), 2u);
}

TEST_F(PoolTest, FailedCreationFailsCallerAndFreesSlot) {
  Pool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  failures_left = 1;
  const Result<FakeLease> refused = pool.try_acquire();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "no room");
  EXPECT_TRUE(pool.try_acquire());
}

TEST_F(PoolTest, FailedWarmInstancesAreRetried) {
  failures_left = 2;
  Pool pool({.max_instances = 2, .min_instances = 2}, clock, factory());
  EXPECT_EQ(pool.stats().idle, 0u);
  pool.tick();
  pool.tick();
  EXPECT_EQ(pool.stats().idle, 2u);
}

TEST_F(PoolTest, TerminatedInstanceIsRetired) {
  Pool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  pool.try_acquire()->operator->()->terminate();
  EXPECT_EQ(retired(pool, Retired::kTrap), 1u);
  EXPECT_EQ(alive, 0);
  {
    FakeLease lease = *pool.try_acquire();
    lease->terminate();
    lease.retire(Retired::kCancel);
  }
  EXPECT_EQ(retired(pool, Retired::kCancel), 1u);
  EXPECT_EQ(pool.total_memory(), 0u);
}

TEST_F(PoolTest, DroppedLeaseCancelsAndRetiresRunningInstance) {
  Pool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  pool.try_acquire()->operator->()->status = FakeInstance::Status::kRunning;
  pool.try_acquire()->operator->()->status = FakeInstance::Status::kFinished;
  EXPECT_EQ(retired(pool, Retired::kCancel), 2u);
  EXPECT_EQ(alive, 0);
}

TEST_F(PoolTest, CountsRetirementByReason) {
  Pool pool({.max_instances = 2, .min_instances = 0, .max_executions = 5, .max_idle_ms = 10}, clock,
            factory());
  pool.try_acquire()->operator->()->runs = 5;
  EXPECT_EQ(retired(pool, Retired::kAge), 1u);
  pool.try_acquire()->give_back();
  clock.us = 10'000;
  pool.tick();
  EXPECT_EQ(retired(pool, Retired::kIdle), 1u);
  EXPECT_EQ(alive, 0);
}

TEST_F(PoolTest, CountsMemory) {
  Pool pool({.max_instances = 3, .min_instances = 2}, clock, factory());
  EXPECT_EQ(pool.total_memory(), 2000u);
  FakeLease lease = *pool.try_acquire();
  lease->bytes = 5000;
  lease.give_back();
  EXPECT_EQ(pool.total_memory(), 6000u);
}

TEST_F(PoolTest, DrainsAfterLastLease) {
  Pool pool({.max_instances = 2, .min_instances = 2}, clock, factory());
  FakeLease lease = *pool.try_acquire();
  FakeLease other = *pool.try_acquire();
  pool.acquire(keep());
  other.give_back();
  leases.clear();
  int drained = 0;
  pool.shutdown([&] { ++drained; });
  EXPECT_EQ(drained, 0);
  EXPECT_EQ(pool.try_acquire().error().code, ErrorCode::kShuttingDown);
  lease.give_back();
  EXPECT_EQ(drained, 1);
  EXPECT_EQ(alive, 0);
  pool.shutdown([&] { ++drained; });
  EXPECT_EQ(drained, 2);
}

TEST_F(PoolTest, ShutdownRejectsWaitingCallers) {
  Pool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  FakeLease lease = *pool.try_acquire();
  pool.acquire(keep());
  pool.shutdown({});
  ASSERT_EQ(refusals.size(), 1u);
  EXPECT_EQ(refusals[0].code, ErrorCode::kShuttingDown);
}

TEST_F(PoolTest, PoolMayBeDestroyedInDrained) {
  auto pool = std::make_unique<Pool>(PoolOptions{.max_instances = 1, .min_instances = 0}, clock, factory());
  FakeLease lease = *pool->try_acquire();
  pool->shutdown([&] { pool.reset(); });
  ASSERT_NE(pool, nullptr);
  lease.give_back();
  EXPECT_EQ(pool, nullptr);
  EXPECT_EQ(alive, 0);
}

TEST_F(PoolTest, EachWaitingCallerGetsOneAttemptAfterAFailure) {
  Pool pool({.max_instances = 1, .min_instances = 0, .max_queue = 1000}, clock, factory());
  FakeLease lease = *pool.try_acquire();
  for (int i = 0; i < 1000; ++i)
    pool.acquire(keep());
  failures_left = 999;
  lease->terminate();
  lease.give_back();
  EXPECT_EQ(refusals.size(), 999u);
  EXPECT_EQ(leases.size(), 1u);
  leases.clear();
}

TEST_F(PoolTest, CountsForOtherThreadsAreThoseOfTheStats) {
  Pool pool({.max_instances = 1, .min_instances = 1}, clock, factory());
  FakeLease lease = *pool.try_acquire();
  pool.acquire(keep());
  EXPECT_EQ(pool.active_count(), pool.stats().active);
  EXPECT_EQ(pool.waiting_count(), 1u);
  EXPECT_EQ(pool.given_count(), 1u);
  lease.give_back();
  EXPECT_EQ(pool.waiting_count(), 0u);
  EXPECT_EQ(pool.given_count(), pool.stats().waits.count());
  leases.clear();
  EXPECT_EQ(pool.active_count(), 0u);
}

// Answers pass a lease on, and it is used and given back later.
TEST_F(PoolTest, FuzzNoInstanceIsGivenTwice) {
  constexpr int kRounds = 24'000;
  int answered = 0, drained = 0;
  std::mt19937 random(7);
  {
    Pool pool({.max_instances = 3,
               .min_instances = 1,
               .max_queue = 4,
               .queue_timeout_ms = 1,
               .max_executions = 40,
               .max_idle_ms = 1},
              clock, factory());
    for (int i = 0; i < kRounds; ++i) {
      clock.us += 100;
      pool.acquire([&](Result<FakeLease> lease) {
        ++answered;
        if (!lease) return;
        EXPECT_FALSE(std::exchange((*lease)->in_use, true)) << "two callers have one instance";
        leases.push_back(std::move(*lease));
      });
      while (!leases.empty() && random() % 3 != 0) {
        FakeLease lease = std::move(leases.back());
        leases.pop_back();
        const std::uint64_t fate = random() % 50;
        ++lease->runs;
        if (fate == 0) lease->terminate();
        if (fate == 1) lease->status = FakeInstance::Status::kRunning;
        lease->in_use = false;
      }
      if (random() % 16 == 0) pool.tick();
      if (random() % 100 == 0) failures_left = 1;
    }
    pool.shutdown([&] { ++drained; });
    for (FakeLease& lease : leases)
      lease->in_use = false;
    leases.clear();
  }
  EXPECT_EQ(answered, kRounds);
  EXPECT_EQ(drained, 1);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace nexus::pool
