#include "nexus/runtime/panels/turns.h"

#include <gmock/gmock.h>

namespace nexus::panels {
namespace {

using testing::ElementsAre;

// Records the order of turns, and holds each turn until released.
class Visitors {
 public:
  TurnQueue::Ready ready(std::string name) {
    return [this, name = std::move(name)](Result<Turn> turn) {
      log.push_back(turn ? name : name + " refused");
      if (turn) turn_ = *std::move(turn);
    };
  }
  void take(std::optional<Turn> turn) { turn_ = std::move(turn); }
  void let_go() {
    const auto gone =
        std::exchange(turn_, std::nullopt);  // the next visitor stores its turn while this one ends
  }
  std::vector<std::string> log;

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
    ASSERT_TRUE(queue.wait(visitors.ready(name)));
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
  ASSERT_TRUE(queue.wait(visitors.ready("a")));
  const auto refused = queue.wait(visitors.ready("b"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kPanelBusy);
  EXPECT_EQ(refused.error().limit, (LimitReached{"panel", "MAX_PANEL_QUEUE", 1, 2}));
  EXPECT_TRUE(refused.error().retry_after_ms);
  EXPECT_THAT(visitors.log, ElementsAre());
}

TEST(TurnQueue, WithABoundOfZeroNoCallWaits) {
  TurnQueue queue(0);
  Visitors visitors;
  visitors.take(queue.try_take());
  EXPECT_FALSE(queue.wait(visitors.ready("a")));
}

TEST(TurnQueue, CloseRejectsAllWaitersAndKeepsTheCurrentTurn) {
  TurnQueue queue(4);
  Visitors visitors;
  visitors.take(queue.try_take());
  ASSERT_TRUE(queue.wait(visitors.ready("a")));
  queue.close({.code = ErrorCode::kPanelNotFound, .message = "gone"});
  EXPECT_THAT(visitors.log, ElementsAre("a refused"));
  EXPECT_FALSE(queue.try_take());
  EXPECT_EQ(queue.wait(visitors.ready("b")).error().code, ErrorCode::kPanelNotFound);
  visitors.let_go();
  EXPECT_FALSE(queue.try_take());
}

TEST(TurnQueue, AnUnusedTurnIsPassedOn) {
  TurnQueue queue(4);
  std::vector<std::string> log;
  auto first = queue.try_take();
  ASSERT_TRUE(queue.wait([&](Result<Turn>) { log.push_back("dropped it"); }));
  ASSERT_TRUE(queue.wait([&](Result<Turn>) { log.push_back("got it"); }));
  first.reset();
  EXPECT_THAT(log, ElementsAre("dropped it", "got it"));
}

}  // namespace
}  // namespace nexus::panels
