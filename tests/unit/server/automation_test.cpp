// Tools that start without a call: by a clock that the test turns, by events, by changes of state.
#include "nexus/server/automation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "nexus/sandbox/json.h"
#include "nexus/server/server.h"
#include "support/loops.h"

namespace nexus::server {
namespace {

using metrics::TriggerProbe;
using panels::TriggerType;
using ::testing::HasSubstr;

std::string tool(std::string_view name, std::string_view trigger, std::string_view handler,
                 std::string_view more = "") {
  std::string text = fmt::format(R"({{"name":"{}","trigger":{},{}"handler":)", name, trigger, more);
  sandbox::append_json_string(text, handler);
  return text + '}';
}

std::string manual(std::string_view name, std::string_view handler) {
  return tool(name, R"({"type":"manual"})", handler);
}

class AutomationTest : public ::testing::Test {
 public:
  Task<void> put(std::string id, std::string tools) {
    const auto answer = co_await loops_.ask(0, Method::put, "/panels/" + id,
                                            fmt::format(R"({{"kind":"k","tools":[{}]}})", tools));
    EXPECT_LT(answer.status, 300u) << answer.body;
  }
  Task<std::string> call(std::string tool, std::string args = "{}", std::string panel = "p") {
    const auto answer =
        co_await loops_.ask(0, Method::post, fmt::format("/panels/{}/trigger/{}", panel, tool), args);
    EXPECT_LT(answer.status, 300u) << answer.body;
    co_return answer.body;
  }
  Task<std::string> get(std::string target) {
    const auto answer = co_await loops_.ask(0, Method::get, target, "");
    co_return answer.body;
  }
  Task<std::string> state(std::string panel = "p") { return get("/panels/" + panel + "/state"); }
  // The test's own time limit ends it.
  Task<void> until_state(std::string expected, std::string panel = "p") {
    std::string now = co_await state(panel);
    while (now != expected) {
      co_await asio::post(loop().loop.get_executor(), kAwait);
      now = co_await state(panel);
    }
  }
  template <class Condition>
  Task<void> until(Condition condition) {
    while (!condition())
      co_await asio::post(loop().loop.get_executor(), kAwait);
  }
  void advance_ms(std::uint64_t ms) {
    loops_.clock().advance_ms(ms);
    loop().api.automation().start_due();
  }
  std::uint64_t count(TriggerType type, TriggerProbe::Outcome outcome) {
    return loop().probes.triggers.counts[static_cast<std::size_t>(type)][static_cast<std::size_t>(outcome)];
  }
  void run(Task<void> test) {
    loops_.spawn(0, std::move(test));
    loops_.run();
  }
  testing::LoopUnderTest& loop() { return loops_[0]; }

  testing::Loops loops_{1};
};

using Came = TriggerProbe::Outcome;
constexpr const char* kHour = R"({"type":"interval","ms":3600000})";
constexpr std::uint64_t kHourMs = 3'600'000;

TEST_F(AutomationTest, AnIntervalStartsItsToolAgainAndAgain) {
  run([](AutomationTest& t) -> Task<void> {
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

TEST_F(AutomationTest, TicksThatNobodySawAreDueOnceAndTheRhythmStays) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kHour, "$state.n = ($state.n ?? 0) + 1"));
    t.advance_ms(10 * kHourMs + kHourMs / 2);
    co_await t.until_state(R"({"n":1})");
    t.advance_ms(kHourMs / 2 + 1000);
    co_await t.until_state(R"({"n":2})");
  }(*this));
}

TEST_F(AutomationTest, TicksOfAToolThatIsBusyAreSkipped) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kHour, "$state.n = ($state.n ?? 0) + 1; await $ext.external.wait()",
                             R"("capabilities":["state:*","ext:*"],)"));
    t.advance_ms(kHourMs);
    co_await t.until_state(R"({"n":1})");
    t.advance_ms(kHourMs);
    t.advance_ms(kHourMs);
    EXPECT_EQ(t.count(TriggerType::kInterval, Came::kSkipped), 2u);
    EXPECT_EQ(t.count(TriggerType::kInterval, Came::kStarted), 1u);
    const auto removed = co_await t.loops_.ask(0, Method::delete_, "/panels/p", "");
    EXPECT_EQ(removed.status, 204u);
  }(*this));
}

TEST_F(AutomationTest, ACronExpressionStartsItsToolAtItsTimes) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", R"({"type":"cron","expression":"0 0 * * *"})",
                             "$state.at = $args.scheduledAt.slice(10)"));
    EXPECT_EQ(co_await t.state(), "{}");
    t.advance_ms(24 * kHourMs);
    co_await t.until_state(R"({"at":"T00:00:00.000Z"})");
    EXPECT_EQ(t.count(TriggerType::kCron, Came::kStarted), 1u);
  }(*this));
}

TEST_F(AutomationTest, AnEventOfThePanelStartsWhatMatchesIt) {
  run([](AutomationTest& t) -> Task<void> {
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

TEST_F(AutomationTest, AnotherPanelFollowsUntilItIsReplacedOrGone) {
  run([](AutomationTest& t) -> Task<void> {
    const std::string follower = tool("on", R"({"type":"event","pattern":"*","panel":"p"})",
                                      "$state.n = ($state.n ?? 0) + $args.event.payload",
                                      R"("capabilities":["state:*","events:receive:p"],)");
    co_await t.put("follower", follower);  // before there is a panel to follow
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

TEST_F(AutomationTest, AChangeOfStateStartsWithWhatHasChanged) {
  run([](AutomationTest& t) -> Task<void> {
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

TEST_F(AutomationTest, AChainEndsAtItsDepth) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", manual("begin", "$emit('go')") + "," +
                            tool("on", R"({"type":"event","pattern":"go"})",
                                 "$state.n = ($state.n ?? 0) + 1; $emit('go')"));
    co_await t.call("begin");
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kRefused) == 1; });
    EXPECT_EQ(co_await t.state(), fmt::format(R"({{"n":{}}})", Automation::kMostDepth));
    EXPECT_EQ(t.loop().probes.errors.by_code[static_cast<std::size_t>(ErrorCode::kResourceLimit)], 1u);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("trigger":"event","status":"error")"));
  }(*this));
}

TEST_F(AutomationTest, AChainGoesOnOverAWait) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", manual("begin", "$emit('go')") + "," +
                            tool("on", R"({"type":"event","pattern":"go"})",
                                 "await $ext.timer.sleep(1); $state.n = ($state.n ?? 0) + 1; $emit('go')",
                                 R"("capabilities":["state:*","events:emit:*","ext:timer"],)"));
    co_await t.call("begin");
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kRefused) == 1; });
    EXPECT_EQ(co_await t.state(), fmt::format(R"({{"n":{}}})", Automation::kMostDepth));
  }(*this));
}

TEST_F(AutomationTest, WhatComesTooFastIsDroppedAndCounted) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p",
                   manual("emit", "for (let i = 0; i < 100; i++) $emit('e', i)") + "," +
                       tool("on", R"({"type":"event","pattern":"e"})", "$state.n = ($state.n ?? 0) + 1"));
    co_await t.call("emit");
    co_await t.until_state(fmt::format(R"({{"n":{}}})", Automation::kMostWaiting));
    EXPECT_EQ(t.count(TriggerType::kEvent, Came::kDropped), 100 - Automation::kMostWaiting);
  }(*this));
}

TEST_F(AutomationTest, ATriggerThatStaysKeepsItsRhythmAndWhatWaitsForIt) {
  run([](AutomationTest& t) -> Task<void> {
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

TEST_F(AutomationTest, WhatWaitsForATriggerThatGoesIsCounted) {
  run([](AutomationTest& t) -> Task<void> {
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

TEST_F(AutomationTest, ManyToolsOfOnePathCostOneComparison) {
  run([](AutomationTest& t) -> Task<void> {
    std::string tools = manual("set", "$state.items = Array.from({length: 10000}, (_, i) => [$args.by, i])");
    for (int i = 0; i < 200; ++i)
      tools += "," + tool(fmt::format("t{}", i), R"({"type":"state_change","path":"items[*]"})", "return 1");
    co_await t.put("p", tools);
    co_await t.call("set", R"({"by":1})");
    const auto came = [&t](Came what) { return t.count(TriggerType::kStateChange, what); };
    EXPECT_EQ(came(Came::kDropped), 200 * (10'000 - Automation::kMostWaiting)) << "each change, of each tool";
    const auto held = t.loops_.ledger().granted(budget::Kind::kBuffers);
    EXPECT_LT(held, 1u << 20) << "what waits is there once, not 200 times";
    co_await t.loops_.ask(0, Method::delete_, "/panels/p", "");
  }(*this));
}

TEST_F(AutomationTest, WhatACommitMayCompareIsBounded) {
  run([](AutomationTest& t) -> Task<void> {
    std::string tools = manual("set", "$state.a = [$args.by, 'x'.repeat(1000000)]");
    for (int i = 0; i < 40; ++i)
      tools += "," + tool(fmt::format("t{}", i),
                          fmt::format(R"({{"type":"state_change","path":"a[*].m{}"}})", i), "return 1");
    co_await t.put("p", tools);
    co_await t.call("set", R"({"by":1})");
    const std::uint64_t dropped = t.count(TriggerType::kStateChange, Came::kDropped);
    EXPECT_EQ(dropped, 40 - Automation::kMostComparedBytes / 1'002'059);
  }(*this));
}

TEST_F(AutomationTest, APanelThatIsMadeAgainHasNoneOfTheExecutions) {
  run([](AutomationTest& t) -> Task<void> {
    const std::string wait =
        tool("wait", R"({"type":"manual"})", "await $ext.external.wait()", R"("capabilities":["ext:*"],)");
    co_await t.put("p", wait);
    const testing::Loops::Headers async{.prefer = "respond-async"};
    const auto waits = co_await t.loops_.ask(0, Method::post, "/panels/p/trigger/wait", "{}", async);
    EXPECT_EQ(waits.status, 202u);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("total":1)"));
    co_await t.loops_.ask(0, Method::delete_, "/panels/p", "");
    co_await t.put("p", wait);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("total":0)"));
    const std::string id = waits.body.substr(waits.body.find("executionId") + 14, 36);
    EXPECT_THAT(co_await t.get("/executions/" + id), HasSubstr(R"("code":"CANCELLED")"))
        << "who had it may ask";
  }(*this));
}

TEST_F(AutomationTest, ALargeResultIsKeptUntilTheNext) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", manual("emit", "$emit('e')") + "," +
                            tool("on", R"({"type":"event","pattern":"e"})", "return 'x'.repeat(1000000)"));
    for (std::uint64_t n = 1; n < 3; ++n) {
      co_await t.call("emit");
      co_await t.until([&] { return t.count(TriggerType::kEvent, Came::kStarted) == n; });
      EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("total":1)"));
    }
  }(*this));
}

TEST_F(AutomationTest, ALaterChangeOfTheSameValueTakesThePlaceOfOneThatWaits) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put(
        "p", manual("set", "$state.a = $args.a") + "," +
                 tool("on", R"({"type":"state_change","path":"a"})",
                      "if ($args.value === 1) { const end = Date.now() + 50; while (Date.now() < end); } "
                      "$state.seen = [...($state.seen ?? []), $args.value]"));
    co_await t.call("set", R"({"a":1})");
    // The turn is passed on in order: these come after the first has begun, or before all of them.
    for (const char* args : {R"({"a":2})", R"({"a":3})", R"({"a":4})"})
      co_await t.call("set", args);
    co_await t.until([&t] {
      return t.count(TriggerType::kStateChange, Came::kStarted) +
                 t.count(TriggerType::kStateChange, Came::kSkipped) ==
             4;
    });
    const std::string seen = co_await t.state();
    EXPECT_TRUE(seen.ends_with(",4]}") || seen.ends_with("[4]}")) << seen;
  }(*this));
}

TEST_F(AutomationTest, NothingStartsAfterThePanelIsGone) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", tool("tick", kHour, "return 1"));
    co_await t.loops_.ask(0, Method::delete_, "/panels/p", "");
    t.advance_ms(5 * kHourMs);
    EXPECT_EQ(
        t.count(TriggerType::kInterval, Came::kStarted) + t.count(TriggerType::kInterval, Came::kRefused),
        0u);
  }(*this));
}

TEST_F(AutomationTest, ResultsOfTriggersDoNotPushOutThoseOfCallers) {
  run([](AutomationTest& t) -> Task<void> {
    co_await t.put("p", manual("emit", "for (let i = 0; i < 60; i++) $emit('e')") + "," +
                            tool("on", R"({"type":"event","pattern":"e"})", "return 'x'.repeat(100000)"));
    const testing::Loops::Headers with_key{.idempotency_key = "key"};
    const auto asked = co_await t.loops_.ask(0, Method::post, "/panels/p/trigger/emit", "{}", with_key);
    co_await t.until([&t] { return t.count(TriggerType::kEvent, Came::kStarted) == 60; });
    const auto again = co_await t.loops_.ask(0, Method::post, "/panels/p/trigger/emit", "{}", with_key);
    EXPECT_EQ(again.body, asked.body);
    EXPECT_THAT(co_await t.get("/executions?panel=p"), HasSubstr(R"("trigger":"manual")"));
  }(*this));
}

// The followed panel is on one loop, the follower on another.
TEST(AutomationOfManyLoops, EventsGoFromLoopToLoop) {
  testing::Loops loops(2);
  const auto on_loop = [](std::size_t wanted, std::string_view prefix) {
    for (int n = 0;; ++n) {
      std::string id = fmt::format("{}{}", prefix, n);
      if (owner_of(id, 2) == wanted) return id;
    }
  };
  loops.spawn(0, [](testing::Loops& all, std::string source, std::string follower) -> Task<void> {
    const auto put = [&all](std::string id, std::string tools) {
      return all.ask(0, Method::put, "/panels/" + id, fmt::format(R"({{"kind":"k","tools":[{}]}})", tools));
    };
    const auto made = co_await put(source, manual("emit", "$emit('e')"));
    EXPECT_EQ(made.status, 201u);
    const auto also = co_await put(
        follower,
        tool("on", fmt::format(R"({{"type":"event","pattern":"e","panel":"{}"}})", source),
             "$state.n = ($state.n ?? 0) + 1", R"("capabilities":["state:*","events:receive:*"],)"));
    EXPECT_EQ(also.status, 201u) << also.body;
    for (int n = 0; n < 10; ++n)
      co_await all.ask(0, Method::post, fmt::format("/panels/{}/trigger/emit", source), "{}");
    auto state = co_await all.ask(0, Method::get, "/panels/" + follower + "/state", "");
    while (state.body != R"({"n":10})")
      state = co_await all.ask(0, Method::get, "/panels/" + follower + "/state", "");
  }(loops, on_loop(0, "source"), on_loop(1, "follower")));
  loops.run();
}

}  // namespace
}  // namespace nexus::server
