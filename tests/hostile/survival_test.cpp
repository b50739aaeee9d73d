// Handlers that run out of memory and go on, that live near the limit, and that never end.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/hostile.h"
#include "support/steps.h"

namespace nexus::testing {
namespace {

RunOptions with_memory(std::uint64_t bytes) {
  RunOptions options;
  options.limits.memory_limit_bytes = bytes;
  return options;
}

TEST(CatchAndRetry, AHandlerMayRunOutOfMemoryManyTimes) {
  Sandbox sandbox;
  const Outcome outcome = sandbox.run(
      "let caught = 0\n"
      "for (let i = 0; i < 20; i++) { try { const a = []; for (;;) a.push(new Array(100)) } catch (e) { if "
      "(e) caught++ } }\n"
      "return caught",
      with_memory(4_MiB));
  outcome.expect_value("20");
  EXPECT_LE(outcome.result().metrics.memory_peak_bytes, 4_MiB);
  expect_normal(sandbox);
}

TEST(CatchAndRetry, WhatIsThrownIsAnErrorWithAText) {
  Sandbox sandbox;
  for (const std::string_view take :
       {"'x'.repeat(2 ** 29)", "new Uint8Array(2 ** 30)", "(() => { const a = []; for (;;) a.push({}) })()",
        "(() => { let l; for (;;) l = { l } })()",
        "(() => { const m = new Map(); for (;;) m.set({}, 1) })()"}) {
    SCOPED_TRACE(take);
    sandbox
        .run("try { " + std::string(take) +
                 " } catch (e) { return [e instanceof Error, e.message, typeof e.stack] }",
             with_memory(4_MiB))
        .expect_value(R"([true,"out of memory","string"])");
  }
}

TEST(CatchAndRetry, KeepingWhatWasTakenEndsInMemoryLimitAtLast) {
  Sandbox sandbox;
  const Outcome outcome = sandbox.run(
      "const a = []; for (let i = 0; i < 50; i++) { try { for (;;) a.push(new Array(100)) } catch { } }\n"
      "for (;;) a.push({ last: 'straw' })",
      with_memory(4_MiB));
  expect_memory_limit(outcome, 4_MiB);
  expect_normal(sandbox);
}

TEST(CatchAndRetry, AnEndlessLoopAroundItIsATimeout) {
  Sandbox sandbox;
  for (const std::string_view source :
       {"for (;;) { try { const a = []; for (;;) a.push(new Array(100)) } catch { } }",
        "const a = []; for (;;) { try { for (;;) a.push({}) } catch { } }",
        "const f = () => { try { const a = []; for (;;) a.push([]) } catch { f() } finally { f() } }; for "
        "(;;) { try { f() } catch { } }"}) {
    SCOPED_TRACE(source);
    RunOptions options = with_memory(4_MiB);
    options.limits.timeout_ms = 100;
    const Outcome outcome = sandbox.run(source, options);
    outcome.expect(ErrorCode::kTimeout);
    EXPECT_LE(outcome.result().metrics.memory_peak_bytes, 4_MiB);
    expect_normal(sandbox);
  }
}

TEST(CatchAndRetry, AnErrorAfterItKeepsItsOwnCode) {
  Sandbox sandbox;
  const std::string take = "try { const a = []; for (;;) a.push({}) } catch { }\n";
  sandbox.run(take + "throw new Error('mine')", with_memory(4_MiB))
      .expect(ErrorCode::kExecutionError)
      .expect_message("mine");
  sandbox.run(take + "throw 'mine'", with_memory(4_MiB))
      .expect(ErrorCode::kExecutionError)
      .expect_message("mine");
  sandbox.run(take + "(function f() { f() })()", with_memory(4_MiB))
      .expect(ErrorCode::kExecutionError)
      .expect_message("RangeError");
  sandbox.run(take + "await new Promise(() => { })", with_memory(4_MiB))
      .expect(ErrorCode::kExecutionError)
      .expect_message("waits for nothing");
  RunOptions denied = with_memory(4_MiB);
  denied.capabilities = {"state:read:*"};
  sandbox.run(take + "$state.a = 1", denied).expect(ErrorCode::kPermissionDenied);
  RunOptions limited = with_memory(4_MiB);
  limited.limits.max_events = 0;
  sandbox.run(take + "$emit('x')", limited).expect(ErrorCode::kResourceLimit);
}

TEST(CatchAndRetry, TheChangesBeforeItAreCommitted) {
  Sandbox sandbox;
  const Outcome outcome = sandbox.run(
      "$state.before = 1; try { const a = []; for (;;) a.push({}) } catch { $state.after = 1; "
      "$emit('survived') }",
      with_memory(4_MiB));
  outcome.expect_success();
  EXPECT_EQ(outcome.result().journal.mutations.size(), 2u);
  EXPECT_EQ(outcome.result().journal.events.size(), 1u);
}

// 70 % of the limit is alive; what comes and goes beside it is many times the limit.
struct Living {
  std::string_view name;
  std::string_view keep;     // makes about 1 KiB that stays: the body of i => ...
  std::string_view discard;  // makes about 1 KiB that goes
};
constexpr auto kLiving = std::to_array<Living>({
    {"strings, flat garbage", "'s'.repeat(1000) + i", "'t'.repeat(1000) + i"},
    {"strings, cyclic garbage", "'s'.repeat(1000) + i",
     "(() => { const a = { p: new Array(50).fill(i) }, b = { a }; a.b = b; return a })()"},
    {"objects, cyclic garbage", "({ a: new Array(120).fill(i) })",
     "(() => { const a = [new Uint8Array(800)], b = { a }; a.push(b, () => a); return b })()"},
    {"buffers, closures in cycles", "new Uint8Array(900)",
     "(() => { const m = new Map(); const f = () => m; m.set('f', f); m.set(f, 'x'.repeat(700)); return f "
     "})()"},
    {"buffers, promises in cycles", "new Uint8Array(900)",
     "(() => { const o = { big: new Uint8Array(700) }; o.p = new Promise(r => { o.r = r }); return o })()"},
});

class Garbage : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Garbage, BesideMuchThatLivesIsCollected) {
  const std::uint64_t limit = GetParam();
  Sandbox sandbox;
  for (const Living& one : kLiving) {
    SCOPED_TRACE(one.name);
    // What is alive is measured, not guessed: a first run with a tenth tells what one of them costs.
    const auto source = [&one](std::uint64_t count, std::uint64_t rounds) {
      return "const keep = (i) => " + std::string(one.keep) + ", discard = (i) => " +
             std::string(one.discard) + "\nconst alive = new Array(" + std::to_string(count) +
             "); for (let i = 0; i < " + std::to_string(count) +
             "; i++) alive[i] = keep(i)\nlet last; for (let i = 0; i < " + std::to_string(rounds) +
             "; i++) last = discard(i)\nreturn alive.length";
    };
    const auto peak = [&](std::uint64_t count) {
      const Outcome outcome = sandbox.run(source(count, 0), with_memory(limit));
      outcome.expect_success();
      return outcome.result().metrics.memory_peak_bytes;
    };
    const std::uint64_t few = limit / 40960;
    const double each = static_cast<double>(peak(2 * few) - peak(few)) / static_cast<double>(few);
    const std::uint64_t wanted = limit * 7 / 10;
    const auto count = static_cast<std::uint64_t>(static_cast<double>(wanted - peak(0)) / each);
    const Outcome outcome = sandbox.run(source(count, 3 * limit / 1024), with_memory(limit));
    outcome.expect_value(std::to_string(count));
    EXPECT_GE(outcome.result().metrics.memory_peak_bytes, limit * 68 / 100);
    EXPECT_LE(outcome.result().metrics.memory_peak_bytes, limit);
    expect_normal(sandbox);
  }
}

INSTANTIATE_TEST_SUITE_P(AtLimits, Garbage, ::testing::Values(4_MiB, 8_MiB, 32_MiB),
                         [](const auto& one) { return std::to_string(one.param / 1_MiB) + "MiB"; });

TEST(Endless, EndsInATimeoutWhereverItLoops) {
  Sandbox sandbox;
  const std::uint64_t before = resident_bytes();
  for (const std::string_view source :
       {"for (;;);",
        "while (true) { }",
        "const f = () => Promise.resolve().then(f); f(); for (;;) await 1",
        "return [1, 2].sort(() => { for (;;); })",
        "return { toJSON() { for (;;); } }",
        "throw { toString() { for (;;); } }",
        "const e = new Error('x'); Object.defineProperty(e, 'message', { get() { for (;;); } }); throw e",
        "return { get then() { for (;;); } }",
        "return { then(resolve) { resolve(this) } }",
        "for (const x of { [Symbol.iterator]: () => ({ next: () => ({ done: false }) }) });",
        "try { for (;;); } finally { for (;;); }",
        "const f = () => queueMicrotask(f); f(); await new Promise(() => { })",
        "return /^(a|a)*$/.test('a'.repeat(50) + 'b')",
        "return 'x'.repeat(1e4).split('').map(() => { for (;;); })",
        "$state.update('a', () => { for (;;); })",
        "$log({ toJSON() { for (;;); } })",
        "return new Proxy({}, { ownKeys() { for (;;); } })",
        "export default function () { for (;;); }",
        "for (;;) $time.now()",
        "const a = []; a.length = 2 ** 32 - 1; return a.indexOf(1) + a.lastIndexOf(1)"}) {
    SCOPED_TRACE(source);
    RunOptions options;
    options.limits.timeout_ms = 100;
    const Outcome outcome = sandbox.run(source, options);
    outcome.expect(ErrorCode::kTimeout).expect_message("timeoutMs");
    ASSERT_TRUE(outcome.result().error->limit.has_value());
    EXPECT_EQ(outcome.result().error->limit->setting, "timeoutMs");
    EXPECT_EQ(outcome.result().error->limit->limit, 100u);
    EXPECT_GE(outcome.result().error->limit->wanted, 100u);
    expect_normal(sandbox);
  }
  if (!kUnderSanitizer) {
    EXPECT_LE(resident_bytes(), before + 16_MiB);
  }
}

TEST(Endless, AModuleThatLoadsForEverIsATimeout) {
  Sandbox sandbox;
  RunOptions options;
  options.limits.timeout_ms = 100;
  sandbox.run("for (;;);\nexport default () => 1", options).expect(ErrorCode::kTimeout);
  sandbox.run("const a = []; for (;;) a.push({});\nexport default () => 1", with_memory(4_MiB))
      .expect(ErrorCode::kMemoryLimit);
  expect_normal(sandbox);
}

}  // namespace
}  // namespace nexus::testing
