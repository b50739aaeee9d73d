// Suspended executions on one loop: the order of resuming, hibernation, and the memory that is left at the end.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "support/loops.h"

namespace nexus::testing {
namespace {

using http::Method;

constexpr std::uint64_t kTtlMs = 300'000;    // SUSPENSION_TTL_MS, and the time that a result is kept
constexpr std::uint64_t kPackAfterMs = 200;  // longer than the executions' own delay

class ExecutionsWaitingTest : public ::testing::Test {
 public:
  static Limits limits() {
    Limits limits;
    limits.max_host_calls = 10'100;
    return limits;
  }

  // Runs `work` on the loop, and everything that follows from it.
  void run(Task<void> work) {
    loops_.spawn(0, std::move(work));
    loops_.run();
  }
  Task<Loops::Response> ask(Method method, std::string target, std::string body = "") {
    return loops_.ask(0, method, std::move(target), std::move(body), {.prefer = "respond-async"});
  }
  Task<void> create(std::string id, std::string handler) {
    const auto made = co_await ask(Method::post, "/panels",
                                   definition_of(id, handler, R"("capabilities":["state:*","ext:*"],)"));
    EXPECT_EQ(made.status, 201) << made.body;
  }
  Task<void> create_large(std::string id) {
    return create(std::move(id),
                  "const kept = new Uint8Array(20e6).fill(1); await $ext.external.wait();"
                  "return kept[0] + kept[9999999] + kept[19999999]");
  }
  // The response to a call that is suspended.
  Task<std::string> call(std::string panel, std::string args = "") {
    auto asked = co_await ask(Method::post, "/panels/" + panel + "/trigger/t", std::move(args));
    EXPECT_EQ(asked.status, 202) << asked.body;
    co_return std::move(asked.body);
  }
  // Creates a panel "p" with this handler, and returns the ids of its `count` concurrent suspensions.
  Task<std::vector<std::string>> suspensions_of(std::string handler, std::size_t count) {
    co_await create("p", std::move(handler));
    auto suspensions = texts_of(co_await call("p"), "suspensionId");
    EXPECT_EQ(suspensions.size(), count);
    co_return suspensions;
  }
  Task<Loops::Response> wait_for(std::string execution) {
    return loops_.ask(0, Method::get, std::move(execution), "", {.prefer = "wait=60"});
  }
  Task<Loops::Response> resume(std::string suspension) {
    return ask(Method::post, "/suspensions/" + suspension + "/resume", R"({"success":true,"value":1})");
  }
  std::string state_of(std::string_view panel) { return loop().registry.find(panel)->state().to_json(); }
  auto turn() { return asio::post(loop().loop.get_executor(), kAwait); }

  LoopUnderTest& loop() { return loops_[0]; }
  const auto& counts() { return loop().probes.in_progress; }
  std::uint64_t suspended_bytes() { return loops_.ledger().granted(budget::Kind::kSuspended); }
  // Returns when the memory of a large execution has been made, and nothing was copied into it yet.
  Task<void> until_being_copied_in() {
    while (loops_.ledger().granted(budget::Kind::kInstances) < 20'000'000)
      co_await turn();
    EXPECT_EQ(counts().queued, 1u);
  }
  // Creates `panel`, whose handler keeps 8 MiB during its suspension and afterwards. Returns the suspension,
  // hibernated.
  Task<std::string> keep_8_mib(std::string panel) {
    co_await create(
        panel,
        "const kept = new Uint8Array(8 << 20).fill(1); await $ext.external.wait(); return kept.length");
    const std::uint64_t hibernated = counts().hibernated;
    auto suspension = text_of(co_await call(std::move(panel)), "suspension");
    loops_.clock().advance_ms(kPackAfterMs);
    while (counts().hibernated == hibernated)
      loop().shard.tick();
    co_return suspension;
  }
  // From now on the ledger has `bytes` free, of which `headroom` only for starts.
  void leave(std::uint64_t bytes, std::uint64_t headroom) {
    const std::uint64_t total = loops_.ledger().state().accounts.granted() + bytes;
    loops_.ledger().set(total, {}, {.layer = "budget", .setting = "MEMORY_BUDGET_MB", .limit_bytes = total},
                        headroom);
  }
  // The response will be in answers_.
  Task<void> resume_in_vain(std::string suspension) {
    const std::uint64_t before = counts().without_memory;
    loops_.spawn(0, [](ExecutionsWaitingTest& t, std::string id) -> Task<void> {
      const auto answer = co_await t.resume(std::move(id));
      t.answers_ += answer.body;
    }(*this, std::move(suspension)));
    while (counts().without_memory == before)
      co_await turn();
  }
  // Expects no memory to be held once the results have expired.
  void expect_nothing_held() {
    loops_.clock().advance_ms(kTtlMs);
    run([](ExecutionsWaitingTest& t) -> Task<void> {
      t.loop().shard.tick();
      for (int turns = 0; turns < 10; ++turns)
        co_await t.turn();  // for the requests that waited for these executions
    }(*this));
    EXPECT_EQ(suspended_bytes(), 0u);
    EXPECT_EQ(loops_.ledger().granted(budget::Kind::kBuffers), 0u);
  }

  std::string answers_;
  Loops loops_{1, limits()};
};

// An execution ran segment after segment as long as there were answers, and the loop did nothing else.
TEST_F(ExecutionsWaitingTest, TheLoopServesOthersBetweenTwoSegments) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    const auto suspensions = co_await t.suspensions_of(
        "const all = Array.from({ length: 200 }, () => $ext.external.wait());"
        "for (const one of all) { await one; $state.n++; }",
        200);
    // All answers arrive while another execution has the panel's turn.
    auto turn = t.loop().registry.find("p")->turns().try_take();
    for (const std::string& suspension : suspensions) {
      t.loops_.spawn(0, [](ExecutionsWaitingTest& all, std::string id) -> Task<void> {
        const auto answer = co_await all.resume(std::move(id));
        EXPECT_TRUE(answer.status == 200 || answer.status == 202) << answer.body;
      }(t, suspension));
    }
    co_await t.turn();
    turn.reset();
    int seen = 0, most = 0;
    while (seen < 200 && !HasFailure()) {
      const int n = std::stoi(t.state_of("p").substr(sizeof R"({"n":)" - 1));
      most = std::max(most, n - std::exchange(seen, n));
      co_await t.turn();
    }
    EXPECT_EQ(most, 1) << "segments in one turn of the loop";
  }(*this));
}

// A delta of 20 MB was compressed in one turn, which blocked the loop.
TEST_F(ExecutionsWaitingTest, ALargeDeltaIsCompressedInSeveralTurns) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create_large("p");
    const std::string asked = co_await t.call("p");
    const std::uint64_t raw = t.suspended_bytes();
    EXPECT_GT(raw, 20'000'000u);
    t.loops_.clock().advance_ms(kPackAfterMs);
    t.loops_.clock().take_for_each_look_us(1000);
    t.loop().shard.tick();
    EXPECT_EQ(t.counts().hibernated, 0u);
    EXPECT_LT(t.suspended_bytes(), raw - 200'000) << "what is hibernated takes less already";
    int turns = 1;
    for (; t.counts().hibernated == 0 && turns < 1000; ++turns)
      t.loop().shard.tick();
    EXPECT_GE(turns, 10);
    t.loops_.clock().take_for_each_look_us(0);
    EXPECT_LT(t.suspended_bytes(), raw / 20);
    const auto done = co_await t.resume(text_of(asked, "suspension"));
    EXPECT_TRUE(done.body.contains(R"("returnValue":3)")) << done.body;
  }(*this));
}

// Capturing 25 MB took 55 ms of one turn on a slow machine, and restoring it 25 ms.
TEST_F(ExecutionsWaitingTest, TheLoopServesOthersDuringALargeCaptureAndRestore) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create_large("p");
    co_await t.create("q", "return 7");
    t.loops_.clock().take_for_each_look_us(1000);
    const auto serve_one = [&t]() -> Task<void> {
      const auto served = co_await t.ask(Method::post, "/panels/q/trigger/t");
      EXPECT_TRUE(served.body.contains(R"("returnValue":7)")) << served.body;
      co_await t.turn();
    };
    t.loops_.spawn(
        0, [](ExecutionsWaitingTest& all) -> Task<void> { all.answers_ = co_await all.call("p"); }(t));
    int out = 0, in = 0;
    for (std::uint64_t before = 0; t.answers_.empty(); before = t.suspended_bytes()) {
      co_await serve_one();
      if (before > 0 && t.suspended_bytes() > before) ++out;
    }
    EXPECT_GE(out, 10);
    t.loops_.spawn(0, [](ExecutionsWaitingTest& all, std::string id) -> Task<void> {
      const auto done = co_await all.resume(std::move(id));
      all.answers_ = done.body;
    }(t, text_of(t.answers_, "suspension")));
    for (co_await t.until_being_copied_in(); t.counts().queued > 0; ++in)
      co_await serve_one();
    EXPECT_GE(in, 10);
  }(*this));
  EXPECT_TRUE(answers_.contains(R"("returnValue":3)")) << answers_;
}

TEST_F(ExecutionsWaitingTest, AnExecutionCancelledDuringRestoreEndsThere) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    for (const bool all_of_it : {false, true}) {
      co_await t.create_large("p");
      const std::string asked = co_await t.call("p");
      t.loops_.clock().take_for_each_look_us(1000);
      t.loops_.spawn(0, [](ExecutionsWaitingTest& all, std::string id) -> Task<void> {
        const auto done = co_await all.resume(std::move(id));
        all.answers_ += done.body;
      }(t, text_of(asked, "suspension")));
      co_await t.until_being_copied_in();
      const std::string target = all_of_it ? "/panels/p" : "/executions/" + text_of(asked, "executionId");
      EXPECT_EQ((co_await t.ask(Method::delete_, target)).status, 204);
      while (t.counts().queued > 0)
        co_await t.turn();
      t.loops_.clock().take_for_each_look_us(0);
      if (!all_of_it) co_await t.ask(Method::delete_, "/panels/p");
    }
    co_await t.create("q", "return 7");
    const auto after = co_await t.ask(Method::post, "/panels/q/trigger/t");
    EXPECT_TRUE(after.body.contains(R"("returnValue":7)")) << after.body;
  }(*this));
  EXPECT_TRUE(answers_.contains("the execution was cancelled")) << answers_;
  EXPECT_TRUE(answers_.contains("the panel has been deleted")) << answers_;
  EXPECT_EQ(loop().pool.stats().retired, decltype(pool::PoolStats::retired){}) << "as good as before";
  expect_nothing_held();
}

// Its result stays, and holds nothing of the panel but names.
TEST_F(ExecutionsWaitingTest, TheBytesOfADeletedPanelAreFree) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    const std::uint64_t before = t.loops_.ledger().granted(budget::Kind::kServer);
    co_await t.create("p", "/*" + std::string(50'000, 'x') +
                               "*/ $state.text = 'x'.repeat(100000); await $ext.external.wait()");
    const std::string asked = co_await t.call("p");
    EXPECT_GT(t.loops_.ledger().granted(budget::Kind::kServer), before + 150'000);
    EXPECT_EQ((co_await t.ask(Method::delete_, "/panels/p")).status, 204);
    EXPECT_LT(t.loops_.ledger().granted(budget::Kind::kServer), before + 2'000);
    const auto later = co_await t.ask(Method::get, "/executions/" + text_of(asked, "executionId"));
    EXPECT_TRUE(later.body.contains(R"("code":"CANCELLED")")) << later.body;
  }(*this));
}

TEST_F(ExecutionsWaitingTest, AnExecutionResumedDuringCompressionIsIntact) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create("p",
                      "const kept = Array.from({ length: 400000 }, (_, i) => i * $args.by);"
                      "await $ext.external.wait(); return kept.reduce((a, b) => a + b)");
    const std::string asked = co_await t.call("p", R"({"by":3})");
    t.loops_.clock().advance_ms(kPackAfterMs);
    t.loops_.clock().take_for_each_look_us(1000);
    t.loop().shard.tick();
    t.loops_.clock().take_for_each_look_us(0);
    EXPECT_EQ(t.counts().suspended, 1u) << "a part of it is hibernated";
    const auto done = co_await t.resume(text_of(asked, "suspension"));
    EXPECT_TRUE(done.body.contains(R"("returnValue":239999400000)")) << done.body;
  }(*this));
}

TEST_F(ExecutionsWaitingTest, HibernationForMemoryStopsWhenThereIsEnough) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create("p", "const kept = new Uint8Array(200e3).fill(1); await $ext.external.wait(); kept[0]");
    for (int n = 0; n < 8; ++n)
      co_await t.call("p");
    t.loop().shard.reclaim(300'000);
    EXPECT_GE(t.counts().hibernated, 1u);
    EXPECT_LE(t.counts().hibernated, 2u);
    for (int n = 0; n < 8; ++n)
      t.loop().shard.reclaim(300'000);
    EXPECT_EQ(t.counts().hibernated, 8u);
  }(*this));
}

// Executions with all their answers waited for each other's memory for ever, and nothing reported it.
TEST_F(ExecutionsWaitingTest, ALongRejectedResumeMayUseTheStartReserve) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    const std::string suspension = co_await t.keep_8_mib("p");
    t.leave(10 << 20, 5 << 20);
    co_await t.resume_in_vain(suspension);
    t.loops_.clock().advance_ms(1000);
  }(*this));
  EXPECT_TRUE(answers_.contains(R"("returnValue":8388608)")) << answers_;
}

TEST_F(ExecutionsWaitingTest, ResumesWithoutMemoryFailOneAtATime) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    const std::string p = co_await t.keep_8_mib("p"), q = co_await t.keep_8_mib("q");
    t.leave(4 << 20, 0);
    co_await t.resume_in_vain(p);
    co_await t.resume_in_vain(q);
    t.loops_.clock().advance_ms(limits().max_wall_ms);
    while (t.counts().without_memory == 2)
      co_await t.turn();
    EXPECT_EQ(t.counts().without_memory, 1u);
    t.loops_.ledger().set_limit(budget::kUnlimited);
  }(*this));
  EXPECT_EQ(texts_of(answers_, "code"), std::vector<std::string>{"MEMORY_LIMIT"}) << answers_;
  EXPECT_TRUE(answers_.contains(R"("setting":"MEMORY_BUDGET_MB")")) << answers_;
  EXPECT_TRUE(answers_.contains(R"("returnValue":8388608)")) << answers_;
}

// Resumed executions counted as if they had been compressed, so that a burst of them delayed hibernation.
TEST_F(ExecutionsWaitingTest, ResumedExecutionsDoNotDelayHibernation) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create("p", "await $ext.external.wait()");
    for (int n = 0; n < 2500; ++n) {
      const std::string execution = text_of(co_await t.call("p"), "executionId");
      EXPECT_EQ((co_await t.ask(Method::delete_, "/executions/" + execution)).status, 204);
    }
    co_await t.call("p");
    t.loops_.clock().advance_ms(kPackAfterMs);
    t.loop().shard.tick();
    EXPECT_EQ(t.counts().hibernated, 1u);
  }(*this));
}

TEST_F(ExecutionsWaitingTest, SettingTheWallClockDoesNotMoveExpiry) {
  constexpr std::int64_t kHourMs = 3'600'000;
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create("p", "await $ext.external.wait()");
    const std::string execution = "/executions/" + text_of(co_await t.call("p"), "executionId");
    const auto status = [&]() -> Task<std::string> {
      t.loop().shard.tick();
      while (t.counts().running + t.counts().queued > 0)
        co_await t.turn();
      co_return (co_await t.ask(Method::get, execution)).body;
    };
    t.loops_.clock().set_wall_by_ms(kHourMs);
    EXPECT_EQ(text_of(co_await status(), "status"), "suspended");
    EXPECT_EQ(t.counts().suspended, 1u) << "no 100 ms have gone by";
    t.loops_.clock().set_wall_by_ms(-2 * kHourMs);
    t.loops_.clock().advance_ms(kPackAfterMs);
    EXPECT_EQ(text_of(co_await status(), "status"), "suspended");
    EXPECT_EQ(t.counts().hibernated, 1u);
    t.loops_.clock().advance_ms(kTtlMs);
    EXPECT_EQ(text_of(co_await status(), "code"), "SUSPENSION_EXPIRED");
    t.loops_.clock().set_wall_by_ms(kHourMs);
    EXPECT_EQ(text_of(co_await status(), "code"), "SUSPENSION_EXPIRED") << "the result is kept for its time";
  }(*this));
}

TEST_F(ExecutionsWaitingTest, TenThousandConcurrentCallsLeaveNoMemoryHeld) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    const auto suspensions = co_await t.suspensions_of(
        "const all = Array.from({ length: 10000 }, (_, i) => $ext.external.wait(i));"
        "for (const one of all) $state.n += await one",
        10'000);
    if (suspensions.empty()) co_return;
    EXPECT_EQ((co_await t.resume(suspensions.front())).status, 202);
    EXPECT_EQ(t.state_of("p"), R"({"n":1})");
    const auto listed = co_await t.ask(Method::get, "/suspensions?panel=p");
    EXPECT_TRUE(listed.body.contains(R"("total":9999)"));
    EXPECT_EQ((co_await t.ask(Method::delete_, "/panels/p")).status, 204);
    EXPECT_EQ((co_await t.resume(suspensions.back())).status, 404);
  }(*this));
  expect_nothing_held();
}

TEST_F(ExecutionsWaitingTest, AThousandSleepsAreCancelledWhileComingDue) {
  run([](ExecutionsWaitingTest& t) -> Task<void> {
    co_await t.create("p", "await $ext.timer.sleep(100 + $args.n % 3); return 'slept'");
    std::vector<std::string> executions;
    for (int n = 0; n < 1000; ++n) {
      const std::string asked = co_await t.call("p", R"({"n":)" + std::to_string(n) + "}");
      executions.push_back("/executions/" + text_of(asked, "executionId"));
    }
    while (t.loops_.timer().sleeping() == executions.size())
      co_await t.turn();
    for (const std::string& execution : executions)
      EXPECT_EQ((co_await t.ask(Method::delete_, execution)).status, 204);
    for (const std::string& execution : executions) {
      const auto ended = co_await t.wait_for(execution);
      EXPECT_TRUE(ended.body.contains("CANCELLED") || ended.body.contains("slept")) << ended.body;
    }
    EXPECT_EQ(t.loops_.timer().sleeping(), 0u);
    while (t.counts().running + t.counts().queued > 0)
      co_await t.turn();
  }(*this));
  expect_nothing_held();
}

}  // namespace
}  // namespace nexus::testing
