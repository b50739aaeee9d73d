#include "hostile.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "steps.h"

namespace nexus::testing {
namespace {

constexpr std::uint64_t kMostLeftBehind = 16_MiB;

RunOptions options_of(const HostileCase& one) {
  RunOptions options;
  options.limits.memory_limit_bytes = one.memory_limit_bytes;
  options.limits.timeout_ms = one.timeout_ms;
  return options;
}

void expect_peak_within(const Outcome& outcome, std::uint64_t limit_bytes) {
  EXPECT_LE(outcome.result().metrics.memory_peak_bytes, limit_bytes);
  EXPECT_LE(outcome.result().metrics.memory_used_bytes, outcome.result().metrics.memory_peak_bytes);
}

void expect_text(const Outcome& outcome) {
  ASSERT_TRUE(outcome.result().error.has_value());
  const std::string& message = outcome.result().error->message;
  EXPECT_FALSE(message.empty());
  EXPECT_NE(message, "null");
  EXPECT_EQ(message.find("Invalid error message"), std::string::npos);
}

bool is_lost(const HostileCase& one, const Outcome& outcome) {
  return one.delivery == Delivery::kMayBeLost && outcome.result().error &&
         outcome.result().error->code == ErrorCode::kTimeout;
}

void run_as_it_is(Sandbox& sandbox, const HostileCase& one) {
  const Outcome outcome = sandbox.run(one.source, options_of(one));
  if (is_lost(one, outcome)) return expect_normal(sandbox);
  outcome.expect(one.code);
  expect_text(outcome);
  expect_peak_within(outcome, one.memory_limit_bytes);
  if (one.code == ErrorCode::kMemoryLimit) expect_memory_limit(outcome, one.memory_limit_bytes);
  expect_normal(sandbox);
}

void run_caught(Sandbox& sandbox, const HostileCase& one) {
  const Outcome outcome = sandbox.run(with_catch(one.source), options_of(one));
  outcome.expect_value("\"went on\"");
  expect_peak_within(outcome, one.memory_limit_bytes);
  expect_normal(sandbox);
}

}  // namespace

std::uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::string with_catch(std::string_view source) {
  const bool waits = source.find("await") != std::string_view::npos;
  std::string text = waits ? "try { await (async () => {\n" : "try { (() => {\n";
  text += source;
  return text + "\n})(); return 'it did not fail' } catch (error) { }\nreturn 'went on'";
}

void expect_memory_limit(const Outcome& outcome, std::uint64_t limit_bytes) {
  const auto& error = outcome.result().error;
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(name(error->code), "MEMORY_LIMIT") << outcome.describe();
  EXPECT_NE(error->message, "null");
  EXPECT_NE(error->message.find("memory"), std::string::npos) << error->message;
  ASSERT_TRUE(error->limit.has_value()) << outcome.describe();
  if (error->limit->layer == "handler") {
    EXPECT_EQ(error->limit->setting, "memoryLimitBytes");
    EXPECT_EQ(error->limit->limit, limit_bytes);
    EXPECT_GT(error->limit->wanted, 0u);
  } else {
    EXPECT_EQ(error->limit->layer, "budget");
    EXPECT_EQ(error->limit->setting, "MEMORY_BUDGET_MB");
    EXPECT_GT(error->limit->wanted, error->limit->free.value_or(error->limit->limit));
  }
}

void expect_normal(Sandbox& sandbox) {
  sandbox
      .run(
          "const seen = $state.n + 1; $state.n = seen; return [seen, typeof leaked, [3, 1, "
          "2].sort().join('')]",
          {.state = R"({"n":1})"})
      .expect_value(R"([2,"undefined","123"])");
}

void run_hostile(std::span<const HostileCase> cases) {
  Sandbox sandbox;
  expect_normal(sandbox);
  const std::uint64_t before = resident_bytes();
  for (const HostileCase& one : cases) {
    SCOPED_TRACE(one.name);
    run_as_it_is(sandbox, one);
    if (one.is_caught == Catch::kCatchable) run_caught(sandbox, one);
  }
  if (!kUnderSanitizer) {  // which keeps freed memory for a while
    EXPECT_LE(resident_bytes(), before + kMostLeftBehind);
  }
}

void run_with_refused_growth(std::span<const HostileCase> cases) {
  Sandbox sandbox;
  for (const HostileCase& one : cases) {
    if (one.code != ErrorCode::kMemoryLimit) continue;
    for (const std::uint64_t percent : {std::uint64_t{25}, std::uint64_t{50}, std::uint64_t{75}}) {
      SCOPED_TRACE(std::string(one.name) + " at " + std::to_string(percent) + " %");
      const RunOptions options = options_of(one);
      const auto image = sandbox.load(one.source, options.limits);
      ASSERT_TRUE(image.has_value());
      const std::uint64_t held = sandbox.ledger().granted(budget::Kind::kInstances);
      sandbox.ledger().set_limit(std::max(held, one.memory_limit_bytes * percent / 100));
      const Outcome outcome = sandbox.run_image(*image, one.source, options);
      sandbox.ledger().set_limit(UINT64_MAX);
      if (!is_lost(one, outcome)) expect_memory_limit(outcome, one.memory_limit_bytes);
      expect_peak_within(outcome, one.memory_limit_bytes);
      if (one.growth == Growth::kSmallSteps && !is_lost(one, outcome) && outcome.result().error &&
          outcome.result().error->limit) {
        EXPECT_EQ(outcome.result().error->limit->layer, "budget") << outcome.describe();
      }
      expect_normal(sandbox);
    }
  }
}

}  // namespace nexus::testing
