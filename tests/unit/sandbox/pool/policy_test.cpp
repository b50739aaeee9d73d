#include "nexus/sandbox/pool/policy.h"

#include <gtest/gtest.h>

namespace nexus::pool {
namespace {

using List = std::vector<Decision>;

List list(PoolPolicy::Decisions decisions) { return {decisions.begin(), decisions.end()}; }

// A pool whose creations succeed at once.
class Pool {
 public:
  explicit Pool(const PoolOptions& options) : policy(options) {
    for (const Decision& decision : list(policy.start()))
      policy.created(std::get<Create>(decision).slot, 0);
  }
  // The slot that the caller gets.
  SlotId acquire(CallerId caller) {
    const Decision decision = list(policy.acquire(caller, IfBusy::kWait, 0)).at(0);
    if (const auto* give = std::get_if<Give>(&decision)) return give->slot;
    const SlotId slot = std::get<Create>(decision).slot;
    EXPECT_EQ(list(policy.created(slot, 0)), (List{Give{caller, slot}}));
    return slot;
  }
  List release(SlotId slot, std::uint64_t now = 0) {
    return list(policy.release(slot, 1, std::nullopt, now));
  }

  PoolPolicy policy;
};

TEST(PoolPolicy, CreatesWarmInstancesAtStart) {
  PoolPolicy policy({.max_instances = 4, .min_instances = 2});
  EXPECT_EQ(list(policy.start()), (List{Create{std::nullopt, 0}, Create{std::nullopt, 1}}));
}

TEST(PoolPolicy, ReusesTheMostRecentlyUsed) {
  Pool pool({.max_instances = 3, .min_instances = 0});
  const SlotId a = pool.acquire(1), b = pool.acquire(2), c = pool.acquire(3);
  pool.release(b);
  pool.release(c);
  pool.release(a);
  EXPECT_EQ(pool.acquire(4), a);
  EXPECT_EQ(pool.acquire(5), c);
  EXPECT_EQ(pool.acquire(6), b);
}

TEST(PoolPolicy, HandsOverInOrderOfArrival) {
  Pool pool({.max_instances = 1, .min_instances = 0, .max_queue = 2});
  const SlotId slot = pool.acquire(1);
  EXPECT_EQ(list(pool.policy.acquire(2, IfBusy::kWait, 0)), (List{Wait{2}}));
  EXPECT_EQ(list(pool.policy.acquire(3, IfBusy::kWait, 0)), (List{Wait{3}}));
  EXPECT_EQ(list(pool.policy.acquire(4, IfBusy::kWait, 0)), (List{Refuse{4, Refusal::kQueueFull}}));
  EXPECT_EQ(list(pool.policy.acquire(5, IfBusy::kRefuse, 0)), (List{Refuse{5, Refusal::kBusy}}));
  EXPECT_EQ(pool.release(slot), (List{Give{2, slot}}));
  EXPECT_EQ(pool.release(slot), (List{Give{3, slot}}));
  EXPECT_EQ(pool.release(slot), List{});
}

TEST(PoolPolicy, RejectsCallersAfterTimeout) {
  Pool pool({.max_instances = 1, .min_instances = 0, .queue_timeout_ms = 100});
  pool.acquire(1);
  pool.policy.acquire(2, IfBusy::kWait, 120);
  pool.policy.acquire(3, IfBusy::kWait, 110);
  EXPECT_EQ(list(pool.policy.tick(109)), List{});
  EXPECT_EQ(list(pool.policy.tick(110)), (List{Refuse{3, Refusal::kTimedOut}}));
  EXPECT_EQ(list(pool.policy.tick(120)), (List{Refuse{2, Refusal::kTimedOut}}));
}

TEST(PoolPolicy, ZeroTimeoutRejectsAtOnce) {
  Pool pool({.max_instances = 1, .min_instances = 0, .queue_timeout_ms = 0});
  pool.acquire(1);
  EXPECT_EQ(list(pool.policy.acquire(2, IfBusy::kWait, 0)), (List{Refuse{2, Refusal::kQueueFull}}));
}

TEST(PoolPolicy, ReplacesBrokenInstanceForWaitingCaller) {
  Pool pool({.max_instances = 1, .min_instances = 0});
  const SlotId slot = pool.acquire(1);
  pool.policy.acquire(2, IfBusy::kWait, 0);
  EXPECT_EQ(list(pool.policy.release(slot, 1, Retired::kTrap, 0)),
            (List{Drop{slot, Retired::kTrap}, Create{2, slot}}));
}

TEST(PoolPolicy, RetiresByAge) {
  Pool pool({.max_instances = 1, .min_instances = 0, .max_executions = 3});
  const SlotId slot = pool.acquire(1);
  EXPECT_EQ(list(pool.policy.release(slot, 2, std::nullopt, 0)), List{});
  EXPECT_EQ(list(pool.policy.acquire(2, IfBusy::kWait, 0)), (List{Give{2, slot}}));
  EXPECT_EQ(list(pool.policy.release(slot, 3, std::nullopt, 0)), (List{Drop{slot, Retired::kAge}}));
}

TEST(PoolPolicy, DropsLongestIdleButKeepsWarmOnes) {
  Pool pool({.max_instances = 3, .min_instances = 1, .max_idle_ms = 100});
  const SlotId a = pool.acquire(1), b = pool.acquire(2), c = pool.acquire(3);
  pool.release(b, 0);
  pool.release(a, 50);
  pool.release(c, 60);
  EXPECT_EQ(list(pool.policy.tick(99)), List{});
  EXPECT_EQ(list(pool.policy.tick(149)), (List{Drop{b, Retired::kIdle}}));
  EXPECT_EQ(list(pool.policy.tick(1000)), (List{Drop{a, Retired::kIdle}}));
  EXPECT_EQ(list(pool.policy.tick(5000)), List{});
}

TEST(PoolPolicy, TickReplacesWarmInstance) {
  Pool pool({.max_instances = 3, .min_instances = 1});
  const SlotId slot = pool.acquire(1);
  EXPECT_EQ(list(pool.policy.release(slot, 1, Retired::kCancel, 0)), (List{Drop{slot, Retired::kCancel}}));
  EXPECT_EQ(list(pool.policy.tick(1)), (List{Create{std::nullopt, slot}}));
}

// One refusal of memory must not reject all callers that wait for instances which will come back.
TEST(PoolPolicy, FailedCreationKeepsOthersWaiting) {
  Pool pool({.max_instances = 2, .min_instances = 0});
  const SlotId a = pool.acquire(1), b = pool.acquire(2);
  pool.policy.acquire(3, IfBusy::kWait, 0);
  pool.policy.acquire(4, IfBusy::kWait, 0);
  EXPECT_EQ(list(pool.policy.release(a, 1, Retired::kTrap, 0)),
            (List{Drop{a, Retired::kTrap}, Create{3, a}}));
  EXPECT_EQ(list(pool.policy.create_failed(a)), List{});
  EXPECT_EQ(pool.release(b), (List{Give{4, b}}));
}

TEST(PoolPolicy, WithoutActiveInstancesNextCallerCreates) {
  Pool pool({.max_instances = 1, .min_instances = 0});
  const SlotId slot = pool.acquire(1);
  pool.policy.acquire(2, IfBusy::kWait, 0);
  pool.policy.acquire(3, IfBusy::kWait, 0);
  EXPECT_EQ(list(pool.policy.release(slot, 1, Retired::kTrap, 0)),
            (List{Drop{slot, Retired::kTrap}, Create{2, slot}}));
  EXPECT_EQ(list(pool.policy.create_failed(slot)), (List{Create{3, slot}}));
  EXPECT_EQ(list(pool.policy.create_failed(slot)), List{});
  EXPECT_EQ(pool.acquire(4), slot);
}

TEST(PoolPolicy, NewCallersNeverOvertakeWaitingOnes) {
  Pool pool({.max_instances = 2, .min_instances = 0});
  const SlotId a = pool.acquire(1);
  pool.acquire(2);
  for (CallerId caller : {3, 4})
    pool.policy.acquire(caller, IfBusy::kWait, 0);
  pool.policy.release(a, 1, Retired::kTrap, 0);
  pool.policy.create_failed(a);  // for 3; now there is a place, and 4 waits
  EXPECT_EQ(list(pool.policy.acquire(5, IfBusy::kWait, 0)), (List{Create{4, a}, Wait{5}}));
}

TEST(PoolPolicy, Drains) {
  Pool pool({.max_instances = 3, .min_instances = 1});
  const SlotId a = pool.acquire(1), b = pool.acquire(2);
  pool.release(b);
  const SlotId c = pool.acquire(3), d = pool.acquire(4);
  pool.policy.acquire(5, IfBusy::kWait, 0);
  pool.release(c);
  pool.release(d);
  EXPECT_EQ(list(pool.policy.shutdown()), (List{Drop{d, Retired::kShutdown}}));
  EXPECT_EQ(list(pool.policy.acquire(6, IfBusy::kWait, 0)), (List{Refuse{6, Refusal::kShuttingDown}}));
  EXPECT_FALSE(pool.policy.is_drained());
  EXPECT_EQ(pool.release(a), (List{Drop{a, Retired::kShutdown}}));
  EXPECT_EQ(list(pool.policy.release(c, 1, Retired::kTrap, 0)), (List{Drop{c, Retired::kTrap}}));
  EXPECT_TRUE(pool.policy.is_drained());
  EXPECT_EQ(list(pool.policy.tick(1'000'000)), List{});
}

TEST(PoolPolicy, ShutdownDuringCreation) {
  Pool pool({.max_instances = 1, .min_instances = 0});
  EXPECT_EQ(list(pool.policy.acquire(1, IfBusy::kWait, 0)), (List{Create{1, 0}}));
  EXPECT_EQ(list(pool.policy.shutdown()), List{});
  EXPECT_FALSE(pool.policy.is_drained());
  EXPECT_EQ(list(pool.policy.created(0, 0)),
            (List{Drop{0, Retired::kShutdown}, Refuse{1, Refusal::kShuttingDown}}));
  EXPECT_TRUE(pool.policy.is_drained());
}

}  // namespace
}  // namespace nexus::pool
