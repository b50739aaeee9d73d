// Tools that triggers start: by a clock that the test advances, by events, by changes of state.
#include "unit/runtime/triggers/scheduler_tests.h"

namespace nexus::triggers {
namespace {

TEST_F(SchedulerTest, AnIntervalStartsItsToolRepeatedly) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p",
                   tool("tick", kHour,
                        "$state.n = ($state.n ?? 0) + 1; $state.at = typeof Date.parse($args.scheduledAt)"));
    t.advance_ms(kHourMs - 60'000);
    EXPECT_EQ(co_await t.state(), "{}");
    t.advance_ms(60'000);
    co_await t.until_state(R"({"n":1,"at":"number"})");
    t.advance_ms(kHourMs);
    co_await t.until_state(R"({"n":2,"at":"number"})");
    EXPECT_EQ(t.count(TriggerType::kInterval, Came::kStarted), 2u);
    const std::string listed = co_await t.get("/executions?panel=p");
    EXPECT_THAT(listed, HasSubstr(R"("trigger":"interval")"));
    EXPECT_THAT(listed, HasSubstr(R"("total":1)")) << "the other ended an hour ago";
  }(*this));
}

TEST_F(SchedulerTest, MissedTicksStartTheToolOnceAndKeepTheRhythm) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kHour, "$state.n = ($state.n ?? 0) + 1"));
    t.advance_ms(10 * kHourMs + kHourMs / 2);
    co_await t.until_state(R"({"n":1})");
    t.advance_ms(kHourMs / 2 + 1000);
    co_await t.until_state(R"({"n":2})");
  }(*this));
}

TEST_F(SchedulerTest, TicksOfABusyToolAreSkipped) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kHour, "$state.n = ($state.n ?? 0) + 1; await $ext.external.wait()",
                             R"("capabilities":["state:*","ext:*"],)"));
    t.advance_ms(kHourMs);
    co_await t.until_state(R"({"n":1})");
    t.advance_ms(kHourMs);
    t.advance_ms(kHourMs);
    EXPECT_EQ(t.count(TriggerType::kInterval, Came::kSkipped), 2u);
    EXPECT_EQ(t.count(TriggerType::kInterval, Came::kStarted), 1u);
    const auto removed = co_await t.loops_.ask(0, http::Method::delete_, "/panels/p", "");
    EXPECT_EQ(removed.status, 204u);
  }(*this));
}

TEST_F(SchedulerTest, ACronExpressionStartsItsToolAtItsTimes) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kMidnight, "$state.at = $args.scheduledAt.slice(10)"));
    EXPECT_EQ(co_await t.state(), "{}");
    t.advance_ms(24 * kHourMs);
    co_await t.until_state(R"({"at":"T00:00:00.000Z"})");
    EXPECT_EQ(t.count(TriggerType::kCron, Came::kStarted), 1u);
  }(*this));
}

TEST_F(SchedulerTest, MissedCronTimesStartTheToolOnce) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kMidnight, "$state.n = ($state.n ?? 0) + 1"));
    t.advance_ms(10 * 24 * kHourMs + 1000);
    t.advance_ms(1000);
    co_await t.until_state(R"({"n":1})");
    t.advance_ms(1000);
    EXPECT_EQ(t.count(TriggerType::kCron, Came::kStarted), 1u);
    t.advance_ms(24 * kHourMs);
    co_await t.until_state(R"({"n":2})");
    EXPECT_EQ(t.count(TriggerType::kCron, Came::kStarted), 2u);
  }(*this));
}

// The next due time follows the new clock, not the earlier one.
TEST_F(SchedulerTest, SettingTheWallClockBackMovesTheNextTick) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kMidnight, "$state.n = ($state.n ?? 0) + 1"));
    t.advance_ms(24 * kHourMs);
    co_await t.until_state(R"({"n":1})");
    t.loops_.clock().set_wall_by_ms(-36 * static_cast<std::int64_t>(kHourMs));
    t.advance_ms(0);
    EXPECT_EQ(t.count(TriggerType::kCron, Came::kStarted), 1u);
    t.advance_ms(24 * kHourMs);
    co_await t.until_state(R"({"n":2})");
  }(*this));
}

TEST_F(SchedulerTest, AnEventStartsToolsWithAMatchingPattern) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("emit", "$emit($args.name, {n: 7})") + "," +
                            tool("on", R"({"type":"event","pattern":"order.*"})",
                                 "$state.got = [$args.event.name, $args.event.payload.n, typeof "
                                 "$args.event.timestamp, $args.panel]"));
    co_await t.call("emit", R"({"name":"other"})");
    co_await t.call("emit", R"({"name":"order.paid"})");
    co_await t.until_state(R"({"got":["order.paid",7,"number","p"]})");
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kStarted), 1u);
  }(*this));
}

TEST_F(SchedulerTest, EventWithAVeryLongNameStartsNothing) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put(
        "p", manual("emit", "$emit('n'.repeat($args.n), 0)") + "," +
                 tool("on", R"({"type":"event","pattern":"*"})", "$state.got = $args.event.name.length"));
    co_await t.call("emit", R"({"n":257})");
    co_await t.call("emit", R"({"n":256})");
    co_await t.until_state(R"({"got":256})");
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kStarted), 1u);
  }(*this));
}

TEST_F(SchedulerTest, AnotherPanelFollowsUntilReplacedOrRemoved) {
  run([](SchedulerTest& t) -> Task<void> {
    const std::string follower = tool("on", R"({"type":"event","pattern":"*","panel":"p"})",
                                      "$state.n = ($state.n ?? 0) + $args.event.payload",
                                      R"("capabilities":["state:*","events:receive:p"],)");
    co_await t.put("follower", follower);  // before the followed panel exists
    co_await t.put("p", manual("emit", "$emit('e', $args.n)"));
    co_await t.call("emit", R"({"n":1})");
    co_await t.until_state(R"({"n":1})", "follower");
    co_await t.put("follower", follower);
    co_await t.call("emit", R"({"n":10})");
    co_await t.until_state(R"({"n":11})", "follower");
    co_await t.put("follower", manual("on", "return 1"));
    co_await t.call("emit", R"({"n":100})");
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kStarted), 2u);
    EXPECT_EQ(co_await t.state("follower"), R"({"n":11})");
  }(*this));
}

TEST_F(SchedulerTest, AChangeOfStateStartsItsToolWithTheChange) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("set", "$state.items = $args.items") + "," +
                            tool("on", R"({"type":"state_change","path":"items[*]"})",
                                 "$state.seen = [...($state.seen ?? []), $args]"));
    co_await t.call("set", R"({"items":[1,2]})");
    co_await t.until_state(
        R"({"items":[1,2],"seen":[{"key":"items[0]","value":1},{"key":"items[1]","value":2}]})");
    co_await t.call("set", R"({"items":[1,2]})");
    co_await t.call("set", R"({"items":[1]})");
    co_await t.until_state(
        R"({"items":[1],"seen":[{"key":"items[0]","value":1},{"key":"items[1]","value":2},{"key":"items[1]"}]})");
    EXPECT_EQ(t.count(TriggerType::kStateChange, Came::kStarted), 3u);
  }(*this));
}

TEST_F(SchedulerTest, AFullQueueDropsAndCounts) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p",
                   manual("emit", "for (let i = 0; i < 100; i++) $emit('e', i)") + "," +
                       tool("on", R"({"type":"event","pattern":"e"})", "$state.n = ($state.n ?? 0) + 1"));
    co_await t.call("emit");
    co_await t.until_state(fmt::format(R"({{"n":{}}})", Scheduler::kMostWaiting));
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kDropped), 100 - Scheduler::kMostWaiting);
  }(*this));
}

TEST_F(SchedulerTest, AnUnchangedTriggerKeepsItsRhythmAndQueue) {
  run([](SchedulerTest& t) -> Task<void> {
    const auto tools = [](std::string_view handler, std::string_view pattern) {
      return manual("emit", "for (let i = 0; i < 10; i++) $emit('e', i)") + "," +
             tool("tick", kHour, "$state.ticks = ($state.ticks ?? 0) + 1") + "," +
             tool("on", fmt::format(R"({{"type":"event","pattern":"{}"}})", pattern), handler);
    };
    co_await t.put("p", tools("for (let i = 0; i < 1e6; i++); $state.old = 1", "e"));
    t.advance_ms(kHourMs - 1000);
    co_await t.call("emit");
    co_await t.put("p", tools("$state.young = 1", "e"));
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kStarted) == 10; });
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kDropped), 0u);
    EXPECT_THAT(co_await t.state(), HasSubstr(R"("young":1)")) << "the panel was replaced before all had run";
    t.advance_ms(1000);
    co_await t.until([&t] { return t.count(TriggerType::kInterval, Came::kStarted) == 1; });
  }(*this));
}

TEST_F(SchedulerTest, JobsOfARemovedTriggerCountAsDropped) {
  run([](SchedulerTest& t) -> Task<void> {
    const std::string emit = manual("emit", "for (let i = 0; i < 10; i++) $emit('e', i)");
    co_await t.put("p", emit + "," +
                            tool("on", R"({"type":"event","pattern":"e"})", "for (let i = 0; i < 1e6; i++);",
                                 R"("capabilities":[],)"));
    co_await t.call("emit");
    co_await t.put("p", emit);
    const std::uint64_t started = t.count(TriggerType::kEvent, Came::kStarted);
    co_await t.until([&] {
      return t.count(TriggerType::kEvent, Came::kStarted) + t.count(TriggerType::kEvent, Came::kDropped) ==
             10;
    });
    EXPECT_LE(t.count(TriggerType::kEvent, Came::kStarted), started + 1);
  }(*this));
}

TEST_F(SchedulerTest, ToolsWithTheSamePathShareOneComparison) {
  run([](SchedulerTest& t) -> Task<void> {
    std::string tools = manual("set", "$state.items = Array.from({length: 10000}, (_, i) => [$args.by, i])");
    for (int i = 0; i < 200; ++i)
      tools += "," + tool(fmt::format("t{}", i), R"({"type":"state_change","path":"items[*]"})", "return 1");
    co_await t.put("p", tools);
    co_await t.call("set", R"({"by":1})");
    const auto came = [&t](Came what) { return t.count(TriggerType::kStateChange, what); };
    EXPECT_EQ(came(Came::kDropped), 200 * (10'000 - Scheduler::kMostWaiting)) << "each change, of each tool";
    const auto held = t.loops_.ledger().granted(budget::Kind::kBuffers);
    EXPECT_LT(held, 1u << 20) << "what waits is there once, not 200 times";
    co_await t.loops_.ask(0, http::Method::delete_, "/panels/p", "");
  }(*this));
}

TEST_F(SchedulerTest, TheComparisonsOfACommitAreLimited) {
  run([](SchedulerTest& t) -> Task<void> {
    std::string tools = manual("set", "$state.a = [$args.by, 'x'.repeat(1000000)]");
    for (int i = 0; i < 40; ++i)
      tools += "," + tool(fmt::format("t{}", i),
                          fmt::format(R"({{"type":"state_change","path":"a[*].m{}"}})", i), "return 1");
    co_await t.put("p", tools);
    co_await t.call("set", R"({"by":1})");
    const std::uint64_t dropped = t.count(TriggerType::kStateChange, Came::kDropped);
    EXPECT_EQ(dropped, 40 - Scheduler::kMostComparedBytes / 1'002'059);
  }(*this));
}

TEST_F(SchedulerTest, ARecreatedPanelHasNoEarlierExecutions) {
  run([](SchedulerTest& t) -> Task<void> {
    const std::string wait =
        tool("wait", R"({"type":"manual"})", "await $ext.external.wait()", R"("capabilities":["ext:*"],)");
    co_await t.put("p", wait);
    const testing::Loops::Headers async{.prefer = "respond-async"};
    const auto waits = co_await t.loops_.ask(0, http::Method::post, "/panels/p/trigger/wait", "{}", async);
    EXPECT_EQ(waits.status, 202u);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("total":1)"));
    co_await t.loops_.ask(0, http::Method::delete_, "/panels/p", "");
    co_await t.put("p", wait);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("total":0)"));
    const std::string id = waits.body.substr(waits.body.find("executionId") + 14, 36);
    EXPECT_THAT(co_await t.get("/executions/" + id), HasSubstr(R"("code":"CANCELLED")"))
        << "who had it may ask";
  }(*this));
}

TEST_F(SchedulerTest, ALargeResultIsKeptUntilTheNextOne) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("emit", "$emit('e')") + "," +
                            tool("on", R"({"type":"event","pattern":"e"})", "return 'x'.repeat(1000000)"));
    for (std::uint64_t n = 1; n < 3; ++n) {
      co_await t.call("emit");
      co_await t.until([&] { return t.count(TriggerType::kEvent, Came::kStarted) == n; });
      EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("total":1)"));
    }
  }(*this));
}

TEST_F(SchedulerTest, ALaterChangeOfAValueReplacesAQueuedOne) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("set", "$state.a = $args.a") + "," +
                            tool("on", R"({"type":"state_change","path":"a"})",
                                 fmt::format("if ($args.value === 1) {} "
                                             "$state.seen = [...($state.seen ?? []), $args.value]",
                                             testing::kHold)));
    co_await t.call("set", R"({"a":1})");
    co_await t.until([&t] { return t.loop().probes.in_progress.running == 1; });
    // The other calls queue up while the first runs, and get their turns before the execution that the first one
    // triggers. That execution gets its turn when change 3 is queued, and change 4 has replaced it.
    const auto panel = t.loop().registry.find("p");
    for (const char* args : {R"({"a":2})", R"({"a":3})", R"({"a":4})"}) {
      t.loops_.spawn(0, [](SchedulerTest& its, std::string its_args) -> Task<void> {
        co_await its.call("set", std::move(its_args));
      }(t, args));
    }
    co_await t.until([&] { return panel->turns().waiting() == 3; });
    t.loops_.clock().let_go();
    co_await t.until([&t] {
      return t.count(TriggerType::kStateChange, Came::kStarted) +
                 t.count(TriggerType::kStateChange, Came::kSkipped) ==
             4;
    });
    EXPECT_THAT(co_await t.state(), HasSubstr(R"("seen":[1,2,4])"));
    EXPECT_EQ(t.count(TriggerType::kStateChange, Came::kSkipped), 1u);
  }(*this));
}

TEST_F(SchedulerTest, NothingStartsAfterThePanelIsRemoved) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kHour, "return 1"));
    co_await t.loops_.ask(0, http::Method::delete_, "/panels/p", "");
    t.advance_ms(5 * kHourMs);
    EXPECT_EQ(
        t.count(TriggerType::kInterval, Came::kStarted) + t.count(TriggerType::kInterval, Came::kRefused),
        0u);
  }(*this));
}

TEST_F(SchedulerTest, ResultsOfTriggersDoNotEvictResultsOfCallers) {
  run([](SchedulerTest& t) -> Task<void> {
    co_await t.put("p", manual("emit", "for (let i = 0; i < 60; i++) $emit('e')") + "," +
                            tool("on", R"({"type":"event","pattern":"e"})", "return 'x'.repeat(100000)"));
    const testing::Loops::Headers with_key{.idempotency_key = "key"};
    const auto asked = co_await t.loops_.ask(0, http::Method::post, "/panels/p/trigger/emit", "{}", with_key);
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kStarted) == 60; });
    const auto again = co_await t.loops_.ask(0, http::Method::post, "/panels/p/trigger/emit", "{}", with_key);
    EXPECT_EQ(again.body, asked.body);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("trigger":"manual")"));
  }(*this));
}

// The followed panel is on one loop, the follower on another.
TEST(SchedulerOfManyLoops, EventsReachFollowersOnOtherLoops) {
  testing::Loops loops(2);
  loops.spawn(0, [](testing::Loops& all, std::string source, std::string follower) -> Task<void> {
    const auto made = co_await put_panel(all, source, manual("emit", "$emit('e')"));
    EXPECT_EQ(made.status, 201u);
    const auto also = co_await put_panel(
        all, follower,
        tool("on", fmt::format(R"({{"type":"event","pattern":"e","panel":"{}"}})", source),
             "$state.n = ($state.n ?? 0) + 1", R"("capabilities":["state:*","events:receive:*"],)"));
    EXPECT_EQ(also.status, 201u) << also.body;
    for (int n = 0; n < 10; ++n)
      co_await all.ask(0, http::Method::post, fmt::format("/panels/{}/trigger/emit", source), "{}");
    auto state = co_await all.ask(0, http::Method::get, "/panels/" + follower + "/state", "");
    while (state.body != R"({"n":10})")
      state = co_await all.ask(0, http::Method::get, "/panels/" + follower + "/state", "");
  }(loops, on_loop(0, "source"), on_loop(1, "follower")));
  loops.run();
}

}  // namespace
}  // namespace nexus::triggers
