// Chains of triggers: each chain ends at its maximum depth, however its links are made.
#include "unit/runtime/triggers/scheduler_tests.h"

namespace nexus::triggers {
namespace {

TEST_F(SchedulerTest, AChainEndsAtItsDepth) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("begin", "$emit('go')") + "," +
                            tool("on", R"({"type":"event","pattern":"go"})",
                                 "$state.n = ($state.n ?? 0) + 1; $emit('go')"));
    co_await t.call("begin");
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kRefused) == 1; });
    EXPECT_EQ(co_await t.state(), fmt::format(R"({{"n":{}}})", Scheduler::kMostDepth));
    EXPECT_EQ(t.loop().probes.errors.by_code[static_cast<std::size_t>(ErrorCode::kResourceLimit)], 1u);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("trigger":"event","status":"error")"));
  }(*this));
}

TEST_F(SchedulerTest, AChainContinuesAfterASuspension) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("begin", "$emit('go')") + "," +
                            tool("on", R"({"type":"event","pattern":"go"})",
                                 "await $ext.timer.sleep(1); $state.n = ($state.n ?? 0) + 1; $emit('go')",
                                 R"("capabilities":["state:*","events:emit:*","ext:timer"],)"));
    co_await t.call("begin");
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kRefused) == 1; });
    EXPECT_EQ(co_await t.state(), fmt::format(R"({{"n":{}}})", Scheduler::kMostDepth));
  }(*this));
}

TEST_F(SchedulerTest, AChainOfChangesEndsAtItsDepth) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("begin", "$state.n = 0") + "," +
                            tool("on", R"({"type":"state_change","path":"n"})", "$state.n += 1"));
    co_await t.call("begin");
    co_await t.until([&t] { return t.count(TriggerType::kStateChange, Came::kRefused) == 1; });
    EXPECT_EQ(co_await t.state(), fmt::format(R"({{"n":{}}})", Scheduler::kMostDepth));
  }(*this));
}

std::string answers(std::string_view other, std::string_view hears, std::string_view says) {
  return manual("begin", fmt::format("$emit('{}')", says)) + "," +
         tool("on", fmt::format(R"({{"type":"event","pattern":"{}","panel":"{}"}})", hears, other),
              fmt::format("$state.n = ($state.n ?? 0) + 1; $emit('{}')", says),
              R"("capabilities":["state:*","events:emit:*","events:receive:*"],)");
}

TEST_F(SchedulerTest, AChainThroughTwoPanelsEndsAtItsDepth) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", answers("q", "pong", "ping"));
    co_await t.put("q", answers("p", "ping", "pong"));
    co_await t.call("begin");
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kRefused) == 1; });
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kStarted), Scheduler::kMostDepth);
    EXPECT_EQ(co_await t.state("p"), fmt::format(R"({{"n":{}}})", Scheduler::kMostDepth / 2));
    EXPECT_EQ(co_await t.state("q"), fmt::format(R"({{"n":{}}})", Scheduler::kMostDepth / 2));
  }(*this));
}

TEST(SchedulerOnTwoLoops, AChainBetweenThemEndsAtItsDepth) {
  testing::Loops loops(2);
  loops.spawn(0, [](testing::Loops& all, std::string one, std::string other) -> Task<void> {
    const auto first = co_await put_panel(all, one, answers(other, "pong", "ping"));
    const auto second = co_await put_panel(all, other, answers(one, "ping", "pong"));
    EXPECT_EQ(first.status, 201u) << first.body;
    EXPECT_EQ(second.status, 201u) << second.body;
    const auto began =
        co_await all.ask(0, http::Method::post, fmt::format("/panels/{}/trigger/begin", other), "{}");
    EXPECT_EQ(began.status, 200u) << began.body;
    // The rejected start belongs to the panel on this loop.
    const auto refused = [&all] {
      return all[0].probes.triggers.counts[static_cast<std::size_t>(TriggerType::kEvent)]
                                          [static_cast<std::size_t>(Came::kRefused)];
    };
    while (refused() == 0)
      co_await asio::post(all[0].loop.get_executor(), kAwait);
    for (const std::string& id : {one, other}) {
      const auto state = co_await all.ask(0, http::Method::get, "/panels/" + id + "/state", "");
      EXPECT_EQ(state.body, fmt::format(R"({{"n":{}}})", Scheduler::kMostDepth / 2));
    }
  }(loops, on_loop(0, "one"), on_loop(1, "other")));
  loops.run();
}

}  // namespace
}  // namespace nexus::triggers
