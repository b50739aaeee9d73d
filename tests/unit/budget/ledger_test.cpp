#include "nexus/budget/ledger.h"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <thread>
#include <vector>

namespace nexus::budget {
namespace {

TEST(Grant, GivesBackWhenItGoes) {
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

TEST(Grant, AssignmentGivesBackWhatWasHeld) {
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

TEST(Grant, AnEmptyOneHoldsNothing) {
  Grant none;
  EXPECT_EQ(none.bytes(), 0u);
  none.shrink_to(0);
  none = Grant();
}

// Grants no more than a bound: what a refusal leaves behind.
class BoundedLedger final : public Ledger {
 public:
  explicit BoundedLedger(std::uint64_t most) : most_(most) {}
  std::uint64_t granted(Kind) const override { return granted_; }

 private:
  Result<void> take(Kind, std::uint64_t bytes) override {
    if (bytes > most_ - granted_) return fail(ErrorCode::kOverloaded, "no room");
    granted_ += bytes;
    return {};
  }
  void give_back(Kind, std::uint64_t bytes) override { granted_ -= bytes; }
  std::uint64_t most_;
  std::uint64_t granted_ = 0;
};

TEST(Grant, ARefusalLeavesWhatIsHeld) {
  BoundedLedger ledger(100);
  Grant grant = *ledger.grant(Kind::kInstances, 60);
  EXPECT_EQ(grant.grow_by(41).error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(grant.bytes(), 60u);
  EXPECT_EQ(ledger.granted(Kind::kInstances), 60u);
  EXPECT_FALSE(ledger.grant(Kind::kInstances, 41));
  EXPECT_TRUE(grant.grow_by(40));
  grant.shrink_to(0);
  EXPECT_EQ(ledger.granted(Kind::kInstances), 0u);
}

TEST(UnlimitedLedger, CountsOfManyThreadsReturnToZero) {
  UnlimitedLedger ledger;
  {
    std::vector<std::jthread> threads;
    threads.reserve(4);
    for (unsigned t = 0; t < 4; ++t) {
      threads.emplace_back([&ledger, t] {
        std::mt19937 random(t);
        std::vector<Grant> held;
        for (int i = 0; i < 10'000; ++i) {
          const auto kind = static_cast<Kind>(random() % kKindCount);
          switch (random() % 4) {
            case 0:
              held.push_back(*ledger.grant(kind, random() % 1000));
              break;
            case 1:
              if (!held.empty()) {
                EXPECT_TRUE(held[random() % held.size()].grow_by(random() % 1000).has_value());
              }
              break;
            case 2:
              if (!held.empty()) {
                Grant& grant = held[random() % held.size()];
                grant.shrink_to(grant.bytes() / 2);
              }
              break;
            default:
              if (!held.empty()) {
                std::swap(held[random() % held.size()], held.back());
                held.pop_back();
              }
          }
        }
      });
    }
  }
  for (std::size_t kind = 0; kind < kKindCount; ++kind)
    EXPECT_EQ(ledger.granted(static_cast<Kind>(kind)), 0u) << kind;
}

}  // namespace
}  // namespace nexus::budget
