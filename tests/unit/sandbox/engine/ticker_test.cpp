#include "nexus/sandbox/engine/ticker.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace nexus::engine {
namespace {

using Clock = std::chrono::steady_clock;

// True if the condition holds within a minute, more than any machine needs.
template <class Condition>
bool wait_for(Condition condition) {
  for (const auto end = Clock::now() + std::chrono::minutes(1); Clock::now() < end;) {
    if (condition()) return true;
    std::this_thread::yield();
  }
  return false;
}

// The number of the system call that the ticker's thread is in; -1 for none or unknown.
long system_call_of_ticker() {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name, call;
    std::getline(std::ifstream(thread.path() / "comm") >> std::ws, name);
    if (name != "nexus-ticker") continue;
    std::ifstream(thread.path() / "syscall") >> call;
    return call.empty() || call == "running" ? -1 : std::stol(call);
  }
  return -1;
}

bool sleeps_without_end() { return system_call_of_ticker() == SYS_futex; }

TEST(Ticker, TicksWhileAnythingRuns) {
  std::atomic<std::uint64_t> told{0};
  Ticker ticker([&] { ++told; });
  {
    const Ticker::Running one(ticker), another(ticker);
    EXPECT_TRUE(wait_for([&] { return ticker.ticks() > 5; }));
  }
  const Ticker::Running third(ticker);
  const std::uint64_t before = ticker.ticks();
  EXPECT_TRUE(wait_for([&] { return ticker.ticks() > before; }));
  EXPECT_GE(told + 1, ticker.ticks());
}

TEST(Ticker, SleepsWhenNothingRunsAndWakesAgain) {
  Ticker ticker([] {});
  if (!std::ifstream("/proc/self/syscall"))
    GTEST_SKIP() << "this kernel does not tell what a thread waits for";
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(wait_for(sleeps_without_end)) << "asleep, not waking up every millisecond";
    const std::uint64_t before = ticker.ticks();
    {
      const Ticker::Running running(ticker);
      ASSERT_TRUE(wait_for([&] { return ticker.ticks() > before + 2; }));
    }
    ASSERT_TRUE(wait_for(sleeps_without_end));
    const std::uint64_t after = ticker.ticks();
    EXPECT_EQ(ticker.ticks(), after);
  }
}

// A begin() in the moment of falling asleep must not wait for ever. The ticker falls asleep after 20 idle ticks.
TEST(Ticker, NeverLosesAWakeupWhileFallingAsleep) {
  Ticker ticker([] {});
  std::mt19937 random(5);
  for (int round = 0; round < 40; ++round) {
    const auto moment = Clock::now() + std::chrono::microseconds(15'000 + random() % 12'000);
    wait_for([&] { return Clock::now() >= moment; });
    const std::uint64_t before = ticker.ticks();
    const Ticker::Running running(ticker);
    ASSERT_TRUE(wait_for([&] { return ticker.ticks() > before; })) << round;
  }
}

TEST(Ticker, StopsWhileAsleepAndWhileTicking) {
  for (int i = 0; i < 20; ++i) {
    Ticker ticker([] {});
    const Ticker::Running running(ticker);
    if (i % 2 == 0) wait_for([&] { return ticker.ticks() > 0; });
  }
}

}  // namespace
}  // namespace nexus::engine
