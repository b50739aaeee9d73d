// Requests that hop between loops, each on a thread of its own; made for ThreadSanitizer.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/loops.h"
#include "support/steps.h"

namespace nexus::testing {
namespace {

using http::Method;

constexpr std::size_t kPanels = 8;

std::string path(std::size_t panel) { return "/panels/p" + std::to_string(panel); }

const Loops::Headers kAsync{.prefer = "respond-async"}, kWait{.prefer = "wait=60"};

Task<void> create_all(Loops& loops, std::string handler, std::string more = {}) {
  for (std::size_t panel = 0; panel < kPanels; ++panel) {
    const auto made = co_await loops.ask(panel % loops.size(), Method::post, "/panels",
                                         definition_of("p" + std::to_string(panel), handler, more));
    EXPECT_EQ(made.status, 201) << made.body;
  }
}

Task<void> count(Loops& loops, std::size_t at, std::size_t calls) {
  for (std::size_t call = 0; call < calls; ++call) {
    const auto response =
        co_await loops.ask(at, Method::post, path((at + call) % kPanels) + "/trigger/t", R"({"by":1})");
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_NE(response.body.find(R"("status":"success")"), std::string::npos) << response.body;
  }
}

class LoopsTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(LoopsTest, CallsFromEveryLoopCountExactly) {
  Loops loops(GetParam());
  loops.spawn(0, create_all(loops, "$state.n += $args.by; return $state.n"));
  loops.run();
  const std::size_t calls = kPanels * steps(100), callers = 6;
  for (std::size_t caller = 0; caller < callers; ++caller)
    loops.spawn(caller % loops.size(), count(loops, caller % loops.size(), calls));
  loops.run();
  loops.spawn(0, [](Loops& all, std::size_t each) -> Task<void> {
    for (std::size_t panel = 0; panel < kPanels; ++panel) {
      const auto state = co_await all.ask(0, Method::get, path(panel) + "/state", "");
      EXPECT_EQ(state.body, "{\"n\":" + std::to_string(each) + "}");
    }
    const auto list = co_await all.ask(0, Method::get, "/panels?limit=3", "");
    EXPECT_NE(list.body.find(R"("total":8,"next":"p2")"), std::string::npos) << list.body;
  }(loops, calls * callers / kPanels));
  loops.run();
}

// Panels are created, changed and removed while all loops call them: each call must get one of its allowed responses.
TEST_P(LoopsTest, PanelsChangeWhileTheyAreCalled) {
  Loops loops(GetParam());
  loops.spawn(0, create_all(loops, "$state.n++; return 'first'"));
  loops.run();
  const std::uint64_t rounds = steps(300);
  for (std::size_t at = 0; at < 2 * loops.size(); ++at) {
    loops.spawn(at % loops.size(), [](Loops& all, std::size_t own, std::uint64_t n) -> Task<void> {
      for (std::uint64_t round = 0; round < n; ++round) {
        const std::size_t panel = (own * 31 + round * 7) % kPanels;
        const std::string definition = definition_of("p" + std::to_string(panel), "return 'second'");
        const auto put = co_await all.ask(own, Method::put, path(panel), definition);
        EXPECT_TRUE(put.status == 200 || put.status == 201) << put.body;
        const auto called =
            co_await all.ask(own, Method::post, path((panel + round) % kPanels) + "/trigger/t", "");
        EXPECT_TRUE(called.status == 200 || called.status == 404) << called.body;
        const auto gone = co_await all.ask(own, Method::delete_, path((panel + 3) % kPanels), "");
        EXPECT_TRUE(gone.status == 204 || gone.status == 404) << gone.body;
        const auto health = co_await all.ask(own, Method::get, round % 2 == 0 ? "/health" : "/metrics", "");
        EXPECT_EQ(health.status, 200);
      }
    }(loops, at % loops.size(), rounds));
  }
  loops.run();
}

// A request hops to a loop that runs endless handlers, and still gets its response.
TEST_P(LoopsTest, EndlessHandlersDoNotBlockRequestsOfOtherLoops) {
  Loops loops(GetParam());
  loops.spawn(0, [](Loops& all) -> Task<void> {
    co_await create_all(all, "if ($args.endless) for (;;); return ++$state.n");
  }(loops));
  loops.run();
  for (std::size_t panel = 0; panel < 4; ++panel) {
    loops.spawn(panel % loops.size(), [](Loops& all, std::size_t own) -> Task<void> {
      const auto cut =
          co_await all.ask(own % all.size(), Method::post, path(own) + "/trigger/t", R"({"endless":true})");
      EXPECT_NE(cut.body.find("CANCELLED"), std::string::npos) << cut.body;
    }(loops, panel));
  }
  loops.spawn(0, [](Loops& all) -> Task<void> {
    for (int call = 0; call < 200; ++call) {
      const auto response =
          co_await all.ask(0, Method::post, path(4 + static_cast<std::size_t>(call) % 4) + "/trigger/t", "");
      EXPECT_EQ(response.status, 200);
    }
    for (std::size_t panel = 0; panel < 4; ++panel)
      EXPECT_EQ((co_await all.ask(0, Method::delete_, path(panel), "")).status, 204);
  }(loops));
  loops.run();
}

// The timer's thread settles sleeps that a loop cancels at the same time.
TEST_P(LoopsTest, SleepsEndWhileTheyAreCancelled) {
  Loops loops(GetParam());
  loops.spawn(
      0, create_all(loops, "await $ext.timer.sleep(0); return 'slept'", R"("capabilities":["ext:timer"],)"));
  loops.run();
  const std::uint64_t rounds = steps(300);
  for (std::size_t at = 0; at < 2 * loops.size(); ++at) {
    loops.spawn(at % loops.size(), [](Loops& all, std::size_t own, std::uint64_t n) -> Task<void> {
      for (std::uint64_t round = 0; round < n; ++round) {
        const auto called =
            co_await all.ask(own, Method::post, path((own + round) % kPanels) + "/trigger/t", "", kAsync);
        EXPECT_EQ(called.status, 202) << called.body;
        const std::string execution = "/executions/" + text_of(called.body, "executionId");
        EXPECT_EQ((co_await all.ask(own, Method::delete_, execution, "")).status, 204);
        const auto ended = co_await all.ask(own, Method::get, execution, "", kWait);
        EXPECT_TRUE(ended.body.contains("CANCELLED") || ended.body.contains("slept")) << ended.body;
      }
    }(loops, at % loops.size(), rounds));
  }
  loops.run();
  EXPECT_EQ(loops.timer().sleeping(), 0);
}

// The timer's thread outlived the loops, and settled calls that were gone.
TEST_P(LoopsTest, SleepsEndWhileTheLoopsAreDestroyed) {
  auto loops = std::make_unique<Loops>(GetParam());
  loops->spawn(0, [](Loops& all) -> Task<void> {
    co_await create_all(all, "await $ext.timer.sleep(40)", R"("capabilities":["ext:timer"],)");
    for (std::size_t call = 0; call < 1000; ++call)
      co_await all.ask(0, Method::post, path(call % kPanels) + "/trigger/t", "", kAsync);
  }(*loops));
  loops->run();
  loops.reset();
}

INSTANTIATE_TEST_SUITE_P(Loops, LoopsTest, ::testing::Values(1, 2, 3));

// A megabyte of zeros makes 500,000 values.
TEST(OneLoopTest, ArgumentsWithoutMemoryToCheckThemAreRejected) {
  Loops loops(1);
  std::string large = R"({"a":[0)", definition = definition_of("p", "return $args.a.length");
  for (int n = 0; n < 20'000; ++n)
    large += ",0";
  large += "]}";
  const std::string_view trigger = R"("trigger")";
  definition.insert(definition.find(trigger), R"("args":{"properties":{"a":{"type":"array"}}},)");
  const auto work = [&]() -> Task<void> {
    const std::string path = "/panels/p/trigger/t";
    EXPECT_EQ((co_await loops.ask(0, Method::post, "/panels", definition)).status, 201);
    EXPECT_EQ((co_await loops.ask(0, Method::post, path, R"({"a":[1]})")).status, 200);
    loops.ledger().set_limit(loops.ledger().state().accounts.granted() + 3'000'000);
    const auto refused = co_await loops.ask(0, Method::post, path, large);
    EXPECT_EQ(refused.status, 503) << refused.body;
    EXPECT_NE(refused.body.find(R"("code":"OVERLOADED")"), std::string::npos) << refused.body;
    EXPECT_EQ((co_await loops.ask(0, Method::post, path, R"({"a":[1]})")).status, 200);
    loops.ledger().set_limit(budget::kUnlimited);
    EXPECT_EQ((co_await loops.ask(0, Method::post, path, large)).status, 200);
    EXPECT_EQ(loops.ledger().granted(budget::Kind::kBuffers), 0);
  };
  loops.spawn(0, work());
  loops.run();
}

}  // namespace
}  // namespace nexus::testing
