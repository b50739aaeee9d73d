#include "apps/nexus/rest_policy.h"

#include <gtest/gtest.h>

namespace nexus::app {
namespace {

using Seen = RestPolicy::Seen;
using Decision = RestPolicy::Decision;

constexpr std::uint64_t kBegan = 5'000'000;  // an arbitrary start, to show that zero has no meaning
constexpr std::uint64_t kStep = 100;

class RestPolicyTest : public ::testing::Test {
 protected:
  RestPolicyTest() { policy_.start(kBegan); }

  Decision tick_after(std::uint64_t ms, bool is_resting, std::uint64_t kept = 0) {
    now_ms_ += ms;
    return policy_.tick(
        {.now_ms = now_ms_, .is_resting = is_resting, .is_giving_back = gives_back_, .kept_bytes = kept});
  }
  Decision rest(std::uint64_t ms = kStep, std::uint64_t kept = 0) { return tick_after(ms, true, kept); }
  Decision work(std::uint64_t ms = kStep, std::uint64_t kept = 0) { return tick_after(ms, false, kept); }
  // Rests until the policy gives memory back, at most for a minute; returns the time.
  std::uint64_t rest_until_it_gives_back(std::uint64_t kept = 0) {
    const std::uint64_t began_ms = now_ms_;
    while (now_ms_ - began_ms < 60'000)
      if (rest(kStep, kept).gives_back) return now_ms_ - began_ms;
    return 0;
  }
  // The number of checks in ten seconds of rest.
  int looks_at_rest() {
    int looks = 0;
    for (int n = 0; n < 100; ++n)
      looks += rest().looks ? 1 : 0;
    return looks;
  }

  RestPolicy policy_;
  std::uint64_t now_ms_ = kBegan;
  bool gives_back_ = false;
};

TEST_F(RestPolicyTest, ChecksAtEachTickWhileBusyAndOnceASecondAtRest) {
  EXPECT_TRUE(rest().looks) << "the first";
  EXPECT_EQ(looks_at_rest(), 10);
  for (int n = 0; n < 10; ++n)
    EXPECT_TRUE(work().looks);
  rest_until_it_gives_back();
  EXPECT_EQ(looks_at_rest(), 10);
}

TEST_F(RestPolicyTest, ChecksAtTheNextTickWhenAsked) {
  rest();
  EXPECT_FALSE(rest().looks);
  policy_.look_soon();
  EXPECT_TRUE(rest().looks);
  EXPECT_FALSE(rest().looks);
}

TEST_F(RestPolicyTest, ReleasesTheStartsPagesOnce) {
  EXPECT_FALSE(work(RestPolicy::kRestMs - 1).forgets_start);
  EXPECT_TRUE(work(1).forgets_start);
  for (int n = 0; n < 100; ++n)
    EXPECT_FALSE(rest().forgets_start);
}

TEST_F(RestPolicyTest, GivesNothingBackBeforeAnyWork) { EXPECT_EQ(rest_until_it_gives_back(), 0u); }

TEST_F(RestPolicyTest, GivesBackOnceAfterASecondOfRest) {
  work();
  EXPECT_EQ(rest_until_it_gives_back(), RestPolicy::kRestMs);
  EXPECT_EQ(rest_until_it_gives_back(), 0u);
  work();
  EXPECT_EQ(rest_until_it_gives_back(), RestPolicy::kRestMs) << "and again after the next work";
}

TEST_F(RestPolicyTest, WorkNowAndThenDelaysGivingBack) {
  for (int n = 0; n < 20; ++n) {
    EXPECT_FALSE(work().gives_back);
    EXPECT_FALSE(rest(RestPolicy::kRestMs - 1).gives_back);
  }
  EXPECT_TRUE(rest(1).gives_back);
}

TEST_F(RestPolicyTest, DoesNotStartGivingBackTwice) {
  work();
  rest_until_it_gives_back();
  gives_back_ = true;
  work();
  EXPECT_EQ(rest_until_it_gives_back(), 0u);
  gives_back_ = false;
  policy_.given_back();
  EXPECT_TRUE(rest().gives_back) << "what ran meanwhile has left something as well";
}

TEST_F(RestPolicyTest, ContinuesWhenALoopHasMore) {
  work();
  rest_until_it_gives_back();
  policy_.found_more();
  policy_.given_back();
  EXPECT_TRUE(rest().gives_back);
  policy_.given_back();
  EXPECT_EQ(rest_until_it_gives_back(), 0u);
}

TEST_F(RestPolicyTest, GivesBackAfterPanelsWereRemovedWithoutWork) {
  rest(kStep, 40_MiB);
  rest(kStep, 40_MiB - RestPolicy::kWorthTidying);
  EXPECT_EQ(rest_until_it_gives_back(40_MiB - RestPolicy::kWorthTidying), 0u) << "too little";
  EXPECT_EQ(rest_until_it_gives_back(10_MiB), kStep) << "no handler has to come to rest for it";
  EXPECT_EQ(rest_until_it_gives_back(10_MiB), 0u) << "it is against what is left that the next is measured";
  EXPECT_NE(rest_until_it_gives_back(5_MiB), 0u);
}

TEST_F(RestPolicyTest, ReleasesTheProgramsPagesOnlyAfterLongWork) {
  work();
  rest_until_it_gives_back();
  EXPECT_FALSE(policy_.given_back());
  for (std::uint64_t ms = 0; ms <= RestPolicy::kLongWorkMs; ms += kStep)
    work();
  rest_until_it_gives_back();
  EXPECT_TRUE(policy_.given_back());
  EXPECT_TRUE(rest().looks) << "to see what that has given back";
  // Time since the work does not count as its length.
  rest(RestPolicy::kLongWorkMs);
  work();
  rest_until_it_gives_back();
  EXPECT_FALSE(policy_.given_back());
}

}  // namespace
}  // namespace nexus::app
