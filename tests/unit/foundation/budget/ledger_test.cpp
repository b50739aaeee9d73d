#include "nexus/foundation/budget/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/budget/bounded_ledger.h"

namespace nexus::budget {
namespace {

TEST(Grant, DestructorGivesBack) {
  UnlimitedLedger ledger;
  {
    const Result<Grant> grant = ledger.grant(Kind::kImages, 100);
    ASSERT_TRUE(grant);
    EXPECT_EQ(grant->bytes(), 100u);
    EXPECT_EQ(ledger.granted(Kind::kImages), 100u);
    EXPECT_EQ(ledger.granted(Kind::kInstances), 0u);
  }
  EXPECT_EQ(ledger.granted(Kind::kImages), 0u);
}

TEST(Grant, GrowsAndShrinks) {
  UnlimitedLedger ledger;
  Grant grant = *ledger.grant(Kind::kBuffers, 10);
  EXPECT_TRUE(grant.grow_by(5));
  EXPECT_EQ(grant.bytes(), 15u);
  EXPECT_EQ(ledger.granted(Kind::kBuffers), 15u);
  grant.shrink_to(7);
  EXPECT_EQ(grant.bytes(), 7u);
  EXPECT_EQ(ledger.granted(Kind::kBuffers), 7u);
  grant.shrink_to(0);
  EXPECT_EQ(ledger.granted(Kind::kBuffers), 0u);
  EXPECT_TRUE(grant.grow_by(3));
  EXPECT_EQ(ledger.granted(Kind::kBuffers), 3u);
}

TEST(Grant, MovesWithoutCountingTwice) {
  UnlimitedLedger ledger;
  Grant first = *ledger.grant(Kind::kCache, 10);
  Grant second = std::move(first);
  EXPECT_EQ(first.bytes(), 0u);  // NOLINT(bugprone-use-after-move): empty by contract
  EXPECT_EQ(second.bytes(), 10u);
  EXPECT_EQ(ledger.granted(Kind::kCache), 10u);
  first.shrink_to(0);
  EXPECT_EQ(ledger.granted(Kind::kCache), 10u);
}

TEST(Grant, AssignmentGivesBackHeldBytes) {
  UnlimitedLedger ledger;
  Grant held = *ledger.grant(Kind::kImages, 10);
  Grant other = *ledger.grant(Kind::kSuspended, 4);
  held = std::move(other);
  EXPECT_EQ(ledger.granted(Kind::kImages), 0u);
  EXPECT_EQ(ledger.granted(Kind::kSuspended), 4u);
  EXPECT_EQ(held.bytes(), 4u);
  held = Grant();
  EXPECT_EQ(ledger.granted(Kind::kSuspended), 0u);
}

TEST(Grant, EmptyGrantHoldsNothing) {
  Grant none;
  EXPECT_EQ(none.bytes(), 0u);
  none.shrink_to(0);
  none = Grant();
}

TEST(Grant, RefusalKeepsHeldBytes) {
  BoundedLedger ledger;
  ledger.set(100, {}, {});
  Grant grant = *ledger.grant(Kind::kInstances, 60);
  EXPECT_EQ(grant.grow_by(41).error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(grant.bytes(), 60u);
  EXPECT_EQ(ledger.granted(Kind::kInstances), 60u);
  EXPECT_FALSE(ledger.grant(Kind::kInstances, 41));
  EXPECT_TRUE(grant.grow_by(40));
  grant.shrink_to(0);
  EXPECT_EQ(ledger.granted(Kind::kInstances), 0u);
}

TEST(Grant, AbsorbTakesOverBytes) {
  UnlimitedLedger ledger;
  Grant grant = *ledger.grant(Kind::kInstances, 10);
  grant.absorb(*ledger.grant(Kind::kInstances, 5));
  grant.absorb(Grant());
  EXPECT_EQ(grant.bytes(), 15u);
  EXPECT_EQ(ledger.granted(Kind::kInstances), 15u);
  grant = Grant();
  EXPECT_EQ(ledger.granted(Kind::kInstances), 0u);
}

TEST(Grant, SetToMayExceedTotal) {
  BoundedLedger ledger;
  ledger.set(100, {}, {});
  Grant grant = ledger.open(Kind::kServer);
  grant.set_to(150);
  EXPECT_EQ(ledger.granted(Kind::kServer), 150u);
  EXPECT_EQ(ledger.free_for(Kind::kBuffers), 0u);
  EXPECT_FALSE(ledger.grant(Kind::kBuffers, 1));
  grant.set_to(90);
  EXPECT_TRUE(ledger.grant(Kind::kBuffers, 10));
}

TEST(BoundedLedger, RefusalNamesLayerLimitAndFreeBytes) {
  BoundedLedger ledger;
  ledger.set(50_MiB, {}, {"container", "the container's memory limit", 64_MiB});
  const Grant held = *ledger.grant(Kind::kImages, 49_MiB);
  const auto refused = ledger.grant(Kind::kInstances, 3_MiB);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(refused.error().limit,
            (LimitReached{"container", "the container's memory limit", 64_MiB, 3_MiB, 1_MiB}));
}

TEST(BoundedLedger, ChangedTotalAppliesAtOnce) {
  BoundedLedger ledger;
  Grant grant = *ledger.grant(Kind::kInstances, 80);
  ledger.set(70, {}, {});
  EXPECT_EQ(grant.bytes(), 80u);  // nothing is taken back
  EXPECT_FALSE(grant.grow_by(1));
  ledger.set(81, {}, {});
  EXPECT_TRUE(grant.grow_by(1));
}

// Takes, changes and gives back at random. Half of the threads' requests exceed the total; the granted bytes always
// equal the bytes that the grants hold.
void churn(Ledger& ledger, unsigned seed) {
  struct Held {
    Kind kind;
    Grant grant;
  };
  std::mt19937 random(seed);
  std::vector<Held> held;
  for (int i = 0; i < 10'000; ++i) {
    const auto kind = static_cast<Kind>(random() % kKindCount);
    if (held.empty() || random() % 3 == 0) {
      if (auto grant = ledger.grant(kind, random() % 1000)) held.push_back({kind, *std::move(grant)});
      continue;
    }
    Held& one = held[random() % held.size()];
    const std::uint64_t before = one.grant.bytes(), bytes = random() % 1000;
    switch (random() % 5) {
      case 0: {
        const bool is_grown = one.grant.grow_by(bytes).has_value();
        EXPECT_EQ(one.grant.bytes() - before, is_grown ? bytes : 0);
        break;
      }
      case 1:
        one.grant.shrink_to(before / 2);
        break;
      case 2:
        one.grant.set_to(before - std::min(before, bytes));
        break;
      case 3:
        if (auto more = ledger.grant(one.kind, bytes)) one.grant.absorb(*std::move(more));
        break;
      default:
        std::swap(one, held.back());
        held.pop_back();
    }
    if (held.size() > 20) held.erase(held.begin(), held.begin() + 10);
  }
}

TEST(BoundedLedger, ThreadsNeverLoseOrDuplicateGrants) {
  static constexpr std::uint64_t kTotal = 40'000;
  BoundedLedger ledger;
  std::atomic<bool> is_over{false};
  std::jthread changing([&] {
    for (std::uint64_t i = 0; !is_over; ++i) {
      ledger.set(i % 2 == 0 ? kTotal : kTotal / 2, {}, {});
      EXPECT_LE(ledger.state().accounts.granted(), kTotal);
    }
  });
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 3; ++t)
      threads.emplace_back([&ledger, t] { churn(ledger, t); });
  }
  is_over = true;
  EXPECT_EQ(ledger.state().accounts.granted(), 0u);
}

TEST(UnlimitedLedger, CountsOfManyThreadsReturnToZero) {
  UnlimitedLedger ledger;
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < 4; ++t)
      threads.emplace_back([&ledger, t] { churn(ledger, t); });
  }
  for (std::size_t kind = 0; kind < kKindCount; ++kind)
    EXPECT_EQ(ledger.granted(static_cast<Kind>(kind)), 0u) << kind;
}

}  // namespace
}  // namespace nexus::budget
