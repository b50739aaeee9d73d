#include "nexus/runtime/extensions/timer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "nexus/runtime/extensions/arguments.h"
#include "support/steps.h"
#include "unit/runtime/extensions/settlements.h"

namespace nexus::extensions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<CallId> ids(const std::vector<Sleepers::Sleeper>& sleepers) {
  std::vector<CallId> ids;
  for (const auto& sleeper : sleepers)
    ids.push_back(sleeper.id);
  return ids;
}

TEST(Sleepers, WakeInOrderOfDueTimes) {
  Sleepers sleepers;
  sleepers.add({30, CallId{1}, nullptr});
  sleepers.add({10, CallId{2}, nullptr});
  sleepers.add({20, CallId{3}, nullptr});
  EXPECT_EQ(sleepers.next_due_us(), 10u);
  EXPECT_THAT(sleepers.take_due(9, 100), IsEmpty());
  EXPECT_THAT(ids(sleepers.take_due(20, 100)), ElementsAre(CallId{2}, CallId{3}));
  EXPECT_EQ(sleepers.next_due_us(), 30u);
  EXPECT_EQ(sleepers.size(), 1u);
}

TEST(Sleepers, AreTakenInBatches) {
  Sleepers sleepers;
  for (std::uint64_t i = 0; i < 5; ++i)
    sleepers.add({i, CallId{i}, nullptr});
  EXPECT_THAT(ids(sleepers.take_due(100, 3)), ElementsAre(CallId{0}, CallId{1}, CallId{2}));
  EXPECT_EQ(sleepers.size(), 2u);
}

TEST(Sleepers, DoNotWakeWhenCancelled) {
  Sleepers sleepers;
  sleepers.add({10, CallId{1}, nullptr});
  sleepers.add({10, CallId{2}, nullptr});
  sleepers.remove(CallId{1});
  sleepers.remove(CallId{7});
  EXPECT_THAT(ids(sleepers.take_due(10, 100)), ElementsAre(CallId{2}));
  EXPECT_EQ(sleepers.next_due_us(), std::nullopt);
}

class TimerTest : public ::testing::Test {
 protected:
  Started sleep(CallId id, const std::string& args) {
    return timer_->start({id, "sleep", args, "p"}, settlements_);
  }

  FakeSettlements settlements_;
  std::unique_ptr<Timer> timer_ = *Timer::create();  // destroyed before the settlements
};

TEST_F(TimerTest, FulfilsWithNull) {
  sleep(CallId{1}, "[1]");
  const Settlement settlement = settlements_.of(CallId{1});
  EXPECT_EQ(settlement.kind, Settlement::Kind::kValue);
  EXPECT_EQ(settlement.json, "null");
}

TEST_F(TimerTest, DoesNotWakeEarly) {
  const SystemClock clock;
  const std::uint64_t before = clock.monotonic_us();
  sleep(CallId{1}, "[19.5]");
  settlements_.of(CallId{1});
  EXPECT_GE(clock.monotonic_us() - before, 20'000u);
}

TEST_F(TimerTest, WakesALaterSleepThatIsDueEarlier) {
  sleep(CallId{1}, "[3600000]");
  sleep(CallId{2}, "[0]");
  EXPECT_EQ(settlements_.of(CallId{2}).json, "null");
  EXPECT_FALSE(settlements_.has(CallId{1}));
}

TEST_F(TimerTest, ASuspensionOutlivesItsSleep) {
  EXPECT_EQ(sleep(CallId{1}, "[2592000000]").ttl_ms, kThirtyDaysMs + kTtlMarginMs);
  EXPECT_EQ(sleep(CallId{2}, "[0.2]").ttl_ms, 1 + kTtlMarginMs);
}

TEST_F(TimerTest, ForgetsCancelledSleeps) {
  sleep(CallId{1}, "[3600000]");
  EXPECT_EQ(timer_->sleeping(), 1u);
  timer_->cancel(CallId{1});
  EXPECT_EQ(timer_->sleeping(), 0u);
}

TEST_F(TimerTest, RejectsWrongTimes) {
  std::uint64_t next = 1;
  for (const char* args : {"[]", "[null]", "[\"1\"]", "[true]", "[[1]]", "[{}]", "[1,2]"}) {
    const CallId id{next++};
    EXPECT_EQ(sleep(id, args).ttl_ms, std::nullopt);
    EXPECT_TRUE(settlements_.has(id)) << "within start()";
    EXPECT_TRUE(is_error(settlements_.of(id), "TypeError")) << args;
  }
  for (const char* args : {"[-1]", "[-0.5]", "[2592000000.5]", "[1e300]", "[18446744073709551615]"}) {
    const CallId id{next++};
    sleep(id, args);
    EXPECT_TRUE(is_error(settlements_.of(id), "RangeError")) << args;
  }
  EXPECT_EQ(timer_->sleeping(), 0u);
}

TEST_F(TimerTest, AHundredThousandConcurrentSleeps) {
  const std::uint64_t count = testing::steps(100'000);
  for (std::uint64_t i = 0; i < count; ++i)
    sleep(CallId{i}, i % 2 == 0 ? "[3600000]" : "[1]");
  settlements_.wait_for(count / 2);
  EXPECT_EQ(timer_->sleeping(), count / 2);
  for (std::uint64_t i = 0; i < count; i += 2)
    timer_->cancel(CallId{i});
  EXPECT_EQ(timer_->sleeping(), 0u);
}

}  // namespace
}  // namespace nexus::extensions
