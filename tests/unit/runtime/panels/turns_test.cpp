#include "nexus/runtime/panels/turns.h"

#include <gmock/gmock.h>

namespace nexus::panels {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kLate = 1'000'000;

// Records the order of turns, and holds each turn until released.
class Visitors {
 public:
  TurnQueue::Ready ready(std::string name) {
    return [this, name = std::move(name)](Result<Turn> turn) {
      log.push_back(turn ? name : name + " refused");
      if (turn) {
        turn_ = *std::move(turn);
      } else {
        error = turn.error();
      }
    };
  }
  void take(std::optional<Turn> turn) { turn_ = std::move(turn); }
  void let_go() {
    const auto gone =
        std::exchange(turn_, std::nullopt);  // the next visitor stores its turn while this one ends
  }
  std::vector<std::string> log;
  Error error;  // the latest

 private:
  std::optional<Turn> turn_;
};

TEST(TurnQueue, GivesOneTurnAtATime) {
  TurnQueue queue(4);
  auto turn = queue.try_take();
  ASSERT_TRUE(turn);
  EXPECT_FALSE(queue.try_take());
  turn.reset();
  EXPECT_TRUE(queue.try_take());
}

TEST(TurnQueue, ServesInOrderOfArrival) {
  TurnQueue queue(4);
  Visitors visitors;
  visitors.take(queue.try_take());
  for (const char* name : {"a", "b", "c"})
    queue.wait(visitors.ready(name), kLate);
  EXPECT_EQ(queue.waiting(), 3);
  visitors.let_go();
  EXPECT_THAT(visitors.log, ElementsAre("a"));
  EXPECT_FALSE(queue.try_take()) << "nobody may jump the queue";
  visitors.let_go();
  visitors.let_go();
  EXPECT_THAT(visitors.log, ElementsAre("a", "b", "c"));
  visitors.let_go();
  EXPECT_TRUE(queue.try_take());
}

TEST(TurnQueue, AFullQueueRejectsAndNamesTheSetting) {
  TurnQueue queue(1);
  Visitors visitors;
  visitors.take(queue.try_take());
  queue.wait(visitors.ready("a"), kLate);
  queue.wait(visitors.ready("b"), kLate);
  EXPECT_THAT(visitors.log, ElementsAre("b refused"));
  EXPECT_EQ(visitors.error.code, ErrorCode::kPanelBusy);
  EXPECT_EQ(visitors.error.limit, (LimitReached{"panel", "MAX_PANEL_QUEUE", 1, 2}));
  EXPECT_TRUE(visitors.error.retry_after_ms);
}

TEST(TurnQueue, WithABoundOfZeroNoCallWaits) {
  TurnQueue queue(0);
  Visitors visitors;
  visitors.take(queue.try_take());
  queue.wait(visitors.ready("a"), kLate);
  EXPECT_THAT(visitors.log, ElementsAre("a refused"));
}

TEST(TurnQueue, RejectsCallsAtTheirDeadlinesInWhateverOrderTheyCame) {
  TurnQueue queue(4);
  Visitors visitors;
  visitors.take(queue.try_take());
  queue.wait(visitors.ready("a"), 300);
  queue.wait(visitors.ready("b"), 200);
  queue.wait_with_priority(visitors.ready("resumed"));
  queue.expire(199, 100);
  EXPECT_THAT(visitors.log, ElementsAre());
  queue.expire(200, 100);
  EXPECT_THAT(visitors.log, ElementsAre("b refused"));
  EXPECT_EQ(visitors.error.code, ErrorCode::kPanelBusy);
  EXPECT_EQ(visitors.error.limit, (LimitReached{"panel", "QUEUE_TIMEOUT_MS", 100, 101}));
  EXPECT_EQ(queue.waiting(), 1);
  queue.expire(kLate, 100);
  visitors.let_go();
  EXPECT_THAT(visitors.log, ElementsAre("b refused", "a refused", "resumed"));
}

TEST(TurnQueue, CloseRejectsAllWaitersAndKeepsTheCurrentTurn) {
  TurnQueue queue(4);
  Visitors visitors;
  visitors.take(queue.try_take());
  queue.wait(visitors.ready("a"), kLate);
  queue.close({.code = ErrorCode::kPanelNotFound, .message = "gone"});
  EXPECT_THAT(visitors.log, ElementsAre("a refused"));
  EXPECT_FALSE(queue.try_take());
  queue.wait(visitors.ready("b"), kLate);
  EXPECT_EQ(visitors.error.code, ErrorCode::kPanelNotFound);
  visitors.let_go();
  EXPECT_FALSE(queue.try_take());
}

TEST(TurnQueue, AnUnusedTurnIsPassedOn) {
  TurnQueue queue(4);
  std::vector<std::string> log;
  auto first = queue.try_take();
  queue.wait([&](Result<Turn>) { log.push_back("dropped it"); }, kLate);
  queue.wait([&](Result<Turn>) { log.push_back("got it"); }, kLate);
  first.reset();
  EXPECT_THAT(log, ElementsAre("dropped it", "got it"));
}

}  // namespace
}  // namespace nexus::panels
