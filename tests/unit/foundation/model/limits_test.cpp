// Every limit of an execution: at the limit, one below, and one above.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "support/sandbox.h"

namespace nexus::testing {
namespace {

// `use(n)` is a handler body whose last statement needs exactly n of the limited resource.
struct Counted {
  std::string_view setting;
  std::uint64_t Limits::* limit;
  std::string (*use)(std::uint64_t n);
};

std::string times(std::uint64_t n, std::string_view statement) {
  return "for (let i = 0; i < " + std::to_string(n) + "; i++) " + std::string(statement);
}
std::string text_of(std::uint64_t bytes) { return "'x'.repeat(" + std::to_string(bytes) + ")"; }

class CountedLimit : public ::testing::TestWithParam<Counted> {};

void expect_limit(const Outcome& outcome, std::string_view setting, std::uint64_t limit,
                  std::uint64_t wanted) {
  outcome.expect(ErrorCode::kResourceLimit).expect_message(setting).expect_message(std::to_string(limit));
  ASSERT_TRUE(outcome.result().error && outcome.result().error->limit) << outcome.describe();
  EXPECT_EQ(*outcome.result().error->limit, (LimitReached{"handler", std::string(setting), limit, wanted}));
  EXPECT_TRUE(outcome.result().journal.mutations.empty());
}

TEST_P(CountedLimit, HoldsAtLimitAndFailsAbove) {
  const Counted& one = GetParam();
  Sandbox sandbox;
  for (const std::uint64_t limit : {std::uint64_t{60}, std::uint64_t{64}, std::uint64_t{100}}) {
    RunOptions options{.state = R"({"a":{"l":[]}})"};
    options.limits.*one.limit = limit;
    sandbox.run(one.use(limit - 1), options).expect_success();
    sandbox.run(one.use(limit), options).expect_success();
    expect_limit(sandbox.run(one.use(limit + 1), options), one.setting, limit, limit + 1);
  }
}

TEST_P(CountedLimit, HandlerCanCatchLimit) {
  const Counted& one = GetParam();
  if (one.setting == "maxResultBytes")
    return;  // exceeded after the last statement, so the handler cannot catch it
  Sandbox sandbox;
  RunOptions options{.state = R"({"a":{"l":[]}})"};
  options.limits.*one.limit = 64;
  sandbox
      .run("try { " + one.use(65) +
               " } catch (e) { return [e.name, e instanceof Error, e.message.includes('" +
               std::string(one.setting) + "')] }",
           options)
      .expect_value(R"(["ResourceLimit",true,true])");
}

INSTANTIATE_TEST_SUITE_P(
    Limits, CountedLimit,
    ::testing::Values(
        Counted{"maxHostCalls", &Limits::max_host_calls,
                [](std::uint64_t n) { return times(n, "$state['absent' + i]"); }},
        Counted{"maxStateMutations", &Limits::max_state_mutations,
                [](std::uint64_t n) { return times(n, "$state.k = i"); }},
        Counted{"maxStateMutations", &Limits::max_state_mutations,
                [](std::uint64_t n) { return times(n, "$state.a.x = i"); }},
        Counted{"maxStateMutations", &Limits::max_state_mutations,
                [](std::uint64_t n) { return times(n, "$state.update('k', k => i)"); }},
        Counted{"maxEvents", &Limits::max_events, [](std::uint64_t n) { return times(n, "$emit('e')"); }},
        Counted{"maxViewCommands", &Limits::max_view_commands,
                [](std::uint64_t n) { return times(n, "$view.focus('v')"); }},
        // name + payload with its quotes; key + value; id + command
        Counted{"maxJournalBytes", &Limits::max_journal_bytes,
                [](std::uint64_t n) { return "$emit('e', " + text_of(n - 3) + ")"; }},
        Counted{"maxJournalBytes", &Limits::max_journal_bytes,
                [](std::uint64_t n) { return "$state.k = " + text_of(n - 3); }},
        Counted{"maxJournalBytes", &Limits::max_journal_bytes,
                [](std::uint64_t n) {
                  return "$emit('e', '12345'); $state.k = 1; $emit('e', " + text_of(n - 13) + ")";
                }},
        Counted{
            "maxJournalBytes", &Limits::max_journal_bytes,
            [](std::uint64_t n) { return "$state.k = " + text_of(20) + "; $state.k = " + text_of(n - 3); }},
        Counted{"maxJournalBytes", &Limits::max_journal_bytes,
                [](std::uint64_t n) { return "$view.command('v', 'c', { a: " + text_of(n - 15) + " })"; }},
        Counted{"maxResultBytes", &Limits::max_result_bytes,
                [](std::uint64_t n) { return "return " + text_of(n - 2); }},
        Counted{"maxResultBytes", &Limits::max_result_bytes,
                [](std::uint64_t n) { return "return ['\\u00e9', " + text_of(n - 9) + "]"; }},
        // {"a":{"l":[]},"k":"..."}
        Counted{"maxStateBytes", &Limits::max_state_bytes,
                [](std::uint64_t n) { return "$state.k = " + text_of(n - 21); }},
        Counted{"maxStateBytes", &Limits::max_state_bytes,
                [](std::uint64_t n) {
                  return "$state.k = " + text_of(30) + "; delete $state.k; $state.k = " + text_of(n - 21);
                }}),
    [](const auto& one) { return std::string(one.param.setting) + std::to_string(one.index); });

TEST(Limits, ZeroRefusesFirstUse) {
  Sandbox sandbox;
  RunOptions options;
  options.limits.max_events = options.limits.max_state_mutations = options.limits.max_view_commands = 0;
  expect_limit(sandbox.run("$emit('e')", options), "maxEvents", 0, 1);
  expect_limit(sandbox.run("$state.a = 1", options), "maxStateMutations", 0, 1);
  expect_limit(sandbox.run("delete $state.a", options), "maxStateMutations", 0, 1);
  expect_limit(sandbox.run("$view.focus('v')", options), "maxViewCommands", 0, 1);
  sandbox.run("return 1", options).expect_value("1");
  options.limits.max_result_bytes = 0;
  sandbox.run("return", options).expect_value("");
  expect_limit(sandbox.run("return 1", options), "maxResultBytes", 0, 1);
}

TEST(Limits, OversizedStateMayShrink) {
  Sandbox sandbox;
  RunOptions options{.state = R"({"a":"0123456789012345678901234567890123456789","b":1})"};
  options.limits.max_state_bytes = 20;
  sandbox.run("$state.a = 'short'; return 1", options).expect_value("1");
  sandbox.run("delete $state.a; return 1", options).expect_value("1");
  sandbox.run("$state.b = 2; return 1", options).expect_value("1");
  sandbox.run("$state.b = 22", options).expect(ErrorCode::kResourceLimit);
}

TEST(Limits, NestedChangeCountsStateBytes) {
  Sandbox sandbox;
  RunOptions options{.state = R"({"a":{"l":[]}})"};
  options.limits.max_state_bytes = 64;
  sandbox.run("$state.a.l.push('x'.repeat(48)); return 1", options).expect_value("1");
  sandbox.run("$state.a.l.push('x'.repeat(49)); return 1", options)
      .expect(ErrorCode::kResourceLimit)
      .expect_message("maxStateBytes");
  options.limits.max_state_bytes = 4_MiB;
  options.limits.max_journal_bytes = 64;
  sandbox.run("$state.a.l.push('x'.repeat(53)); return 1", options).expect_value("1");
  sandbox.run("$state.a.l.push('x'.repeat(54)); return 1", options)
      .expect(ErrorCode::kResourceLimit)
      .expect_message("maxJournalBytes");
}

TEST(Limits, LogsBeyondLimitAreDroppedAndCounted) {
  Sandbox sandbox;
  RunOptions options;
  options.limits.max_log_bytes = 10;
  const auto logged = [&](std::string_view source) {
    Outcome outcome = sandbox.run(source, options);
    outcome.expect_success();
    return outcome;
  };
  EXPECT_EQ(logged("$log('123456789')").result().log_lines_dropped, 0u);
  EXPECT_EQ(logged("$log('1234567890')").result().logs.size(), 1u);
  const auto outcome = logged("$log('12345678901'); $log('12345'); $log('123456'); $log('12345'); $log('1')");
  EXPECT_EQ(outcome.result().logs.size(), 2u);
  EXPECT_EQ(outcome.result().log_lines_dropped, 3u);
}

TEST(Limits, JsonIsAtMost128Deep) {
  Sandbox sandbox;
  const auto nested = [](int depth) {
    return "let a = 1; for (let i = 0; i < " + std::to_string(depth) + "; i++) a = i % 2 ? [a] : { a }\n";
  };
  for (const std::string_view use :
       {"return a", "$state.k = a", "$emit('e', a)", "$state.d.k = a.a ?? a[0]"}) {
    SCOPED_TRACE(use);
    const RunOptions options{.state = R"({"d":{}})"};
    sandbox.run(nested(127) + std::string(use), options).expect_success();
    sandbox.run(nested(128) + std::string(use), options).expect_success();
    const Outcome outcome = sandbox.run(nested(129) + std::string(use), options);
    expect_limit(outcome, "JSON depth", 128, 129);
  }
  sandbox.run(nested(127) + "$view.command('v', 'c', a)").expect_success();
  sandbox.run(nested(130) + "$view.command('v', 'c', a)").expect(ErrorCode::kResourceLimit);
}

TEST(Limits, MemoryLimitIsExact) {
  Sandbox sandbox;
  RunOptions options;
  for (const std::uint64_t limit : {1_MiB + 64_KiB, 2_MiB, 2_MiB + 100, 4_MiB, 8_MiB, 32_MiB}) {
    SCOPED_TRACE(limit);
    options.limits.memory_limit_bytes = limit;
    const Outcome outcome = sandbox.run("const a = []; for (;;) a.push(new Uint8Array(500))", options);
    outcome.expect(ErrorCode::kMemoryLimit);
    EXPECT_LE(outcome.result().metrics.memory_peak_bytes, limit);
    EXPECT_GE(outcome.result().metrics.memory_peak_bytes, limit * 7 / 10);
    ASSERT_TRUE(outcome.result().error->limit.has_value());
    EXPECT_EQ(outcome.result().error->limit->limit, limit);
  }
}

TEST(Limits, TheLeastMemoryRunsAHandler) {
  Sandbox sandbox;
  RunOptions options{.args = R"({"a":[1,2,3]})", .state = R"({"s":{"x":1}})"};
  options.limits.memory_limit_bytes = kLeastMemoryBytes;
  sandbox.run("$state.s.x += $args.a.length; $emit('e', $state.s); return JSON.stringify($state.s)", options)
      .expect_value(R"("{\"x\":4}")");
  sandbox.run("const a = []; for (;;) a.push({})", options).expect(ErrorCode::kMemoryLimit);
}

TEST(Limits, ImageAboveLimitIsMemoryLimit) {
  Sandbox sandbox;
  const std::string source = "const big = new Uint8Array(3e6).fill(1)\nexport default () => big.length";
  const auto image = sandbox.load(source);
  ASSERT_TRUE(image.has_value());
  RunOptions options;
  options.limits.memory_limit_bytes = 2_MiB;
  const Outcome outcome = sandbox.run_image(*image, source, options);
  outcome.expect(ErrorCode::kMemoryLimit);
  ASSERT_TRUE(outcome.result().error->limit.has_value());
  EXPECT_EQ(outcome.result().error->limit->limit, 2_MiB);
  EXPECT_GT(outcome.result().error->limit->wanted, 3'000'000u);
  EXPECT_LE(outcome.result().metrics.memory_peak_bytes, 2_MiB);
  sandbox.run_image(*image, source).expect_value("3000000");
}

TEST(Limits, ADeeperStackLetsRecursionGoDeeper) {
  Sandbox sandbox;
  const std::string source = "let n = 0; const f = () => { n++; f() }; try { f() } catch { } return n";
  std::int64_t before = 0;
  for (const std::uint64_t stack : {64_KiB, 100_KiB, 200_KiB}) {
    RunOptions options;
    options.limits.stack_size_bytes = stack;
    const Outcome outcome = sandbox.run(source, options);
    const std::int64_t depth = std::stoll(outcome.expect_success().result().return_json);
    EXPECT_GT(depth, before);
    before = depth;
  }
}

TEST(Limits, TimeoutMsCountsCpuTime) {
  Sandbox sandbox;
  RunOptions options;
  options.limits.timeout_ms = 100;
  const Outcome outcome = sandbox.run("for (;;);", options);
  outcome.expect(ErrorCode::kTimeout).expect_message("timeoutMs");
  EXPECT_GE(outcome.result().metrics.execution_time_us, 100'000u);
  EXPECT_EQ(outcome.result().error->limit->setting, "timeoutMs");
  // By the handler's own clock it ends well before the limit.
  sandbox.run("const end = performance.now() + 20; while (performance.now() < end); return 1", options)
      .expect_value("1");
}

// Time in which the thread waits for a CPU does not count against the handler.
TEST(Limits, TimeoutMsExcludesWaitingForCpu) {
  Sandbox sandbox;
  RunOptions options;
  options.limits.timeout_ms = 2'000;
  options.limits.max_wall_ms = 1'000'000'000'000;
  std::atomic<bool> is_over = false;
  std::thread others([&] {
    while (!is_over)
      sandbox.clock().advance_ms(3'000);
  });
  const Outcome outcome = sandbox.run("let n = 0; while (n < 2e6) n += $args.one; return n",
                                      {.args = R"({"one":1})", .limits = options.limits});
  is_over = true;
  others.join();
  outcome.expect_value("2000000");
  // CPU time does count.
  options.limits.timeout_ms = 100;
  sandbox.run("for (;;);", options).expect(ErrorCode::kTimeout).expect_message("timeoutMs");
}

TEST(Limits, MaxWallMsCountsElapsedTime) {
  Sandbox sandbox;
  const std::string source = "for (;;);";
  const auto image = sandbox.load(source);
  ASSERT_TRUE(image.has_value());
  const auto state = State::parse("{}");
  const auto capabilities = Capabilities::defaults();
  sandbox::ExecutionRequest request{.image = *image,
                                    .source = source,
                                    .execution_id = "wall",
                                    .state = &*state,
                                    .capabilities = &capabilities};
  request.limits.max_wall_ms = 60'000;
  sandbox::Instance& instance = sandbox.instance();
  instance.start(std::move(request));
  ASSERT_EQ(instance.step(), sandbox::Step::kMore);
  sandbox.clock().advance_ms(55'000);
  ASSERT_EQ(instance.step(), sandbox::Step::kMore);
  sandbox.clock().advance_ms(5'000);
  ASSERT_EQ(instance.step(), sandbox::Step::kDone);
  const Outcome outcome(instance.finish());
  outcome.expect(ErrorCode::kTimeout).expect_message("maxWallMs");
  EXPECT_EQ(outcome.result().error->limit->setting, "maxWallMs");
  EXPECT_EQ(outcome.result().error->limit->limit, 60'000u);
  EXPECT_GE(outcome.result().error->limit->wanted, 60'000u);
  EXPECT_LT(outcome.result().metrics.execution_time_us, 60'000'000u) << "what passed between the slices";
  sandbox.run("return 1").expect_value("1");
}

TEST(Limits, CountersResetBetweenExecutions) {
  Sandbox sandbox;
  const std::string source = "for (let i = 0; i < 50; i++) { $state['k' + i] = i; $emit('e') } return 1";
  const auto image = sandbox.load(source);
  ASSERT_TRUE(image.has_value());
  RunOptions options;
  options.limits.max_host_calls = options.limits.max_events = options.limits.max_state_mutations = 100;
  for (int i = 0; i < 5; ++i)
    sandbox.run_image(*image, source, options).expect_value("1");
}

}  // namespace
}  // namespace nexus::testing
