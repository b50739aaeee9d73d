#include "nexus/runtime/executions/run_queue.h"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

namespace nexus::executions {
namespace {

using testing::ElementsAre;

class RunQueueTest : public testing::Test {
 protected:
  // Runs `slices` slices of 1000 us each, after `used_us` of earlier running time.
  Task<void> worker(std::string name, std::uint64_t used_us, int slices, std::uint64_t due_us) {
    for (int slice = 0; slice < slices; ++slice) {
      co_await queue.next_slice(used_us, due_us);
      log.push_back(name);
      used_us += 1000;
    }
  }
  void spawn(std::string name, std::uint64_t used_us, int slices, std::uint64_t due_us = RunQueue::kNever) {
    asio::co_spawn(loop, worker(std::move(name), used_us, slices, due_us), asio::detached);
  }

  asio::io_context loop{1};
  SystemClock clock;
  RunQueue queue{loop.get_executor(), clock};
  std::vector<std::string> log;
};

TEST_F(RunQueueTest, TheLeastUsedTimeGoesFirst) {
  spawn("hog", 9000, 2);
  spawn("short", 2000, 2);
  loop.run();
  EXPECT_THAT(log, ElementsAre("short", "short", "hog", "hog"));
  EXPECT_EQ(queue.size(), 0);
}

TEST_F(RunQueueTest, ADueHandlerGoesBeforeAllOthers) {
  const std::uint64_t now_us = clock.monotonic_us();
  spawn("short", 2000, 2, now_us + 60'000'000);
  spawn("late", 9000, 1, now_us);
  spawn("later", 8000, 1, now_us - 1);
  spawn("hog", 7000, 1);
  loop.run();
  EXPECT_THAT(log, ElementsAre("later", "late", "short", "short", "hog"));
  EXPECT_EQ(queue.size(), 0);
}

TEST_F(RunQueueTest, EqualHandlersTakeTurns) {
  spawn("a", 2000, 3);
  spawn("b", 2000, 3);
  loop.run();
  EXPECT_THAT(log, ElementsAre("a", "b", "a", "b", "a", "b"));
}

TEST_F(RunQueueTest, TheLoopDoesOtherWorkBetweenSlices) {
  spawn("slice", 2000, 3);
  std::function<void(int)> others = [&](int left) {
    log.push_back("other");
    if (left > 1) asio::post(loop, [&, left] { others(left - 1); });
  };
  asio::post(loop, [&] { others(9); });
  loop.run();
  const std::vector<std::string> one_slice{"other", "other", "other", "slice"};
  std::vector<std::string> expected;
  for (int slice = 0; slice < 3; ++slice)
    expected.insert(expected.end(), one_slice.begin(), one_slice.end());
  EXPECT_EQ(log, expected);
}

TEST_F(RunQueueTest, OnlyOneOfManyAskersEndsASlice) {
  int ended = 0;
  EXPECT_FALSE(queue.take_slice()) << "nothing runs";
  asio::co_spawn(
      loop,
      [&]() -> Task<void> {
        co_await queue.next_slice(2000);
        for (int asker = 0; asker < 5; ++asker)
          ended += queue.take_slice();
      },
      asio::detached);
  loop.run();
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(queue.take_slice());
}

}  // namespace
}  // namespace nexus::executions
