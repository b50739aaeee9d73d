// Executions with real instances, on a loop that the test runs step by step: changes to a panel between two steps.
#include "nexus/runtime/executions/executions.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "nexus/runtime/panels/registry.h"
#include "support/sandbox.h"

namespace nexus::executions {
namespace {

using Ended = Result<ExecutionResult>;

class ExecutionsTest : public ::testing::Test {
 protected:
  panels::Definition definition(std::string handler) {
    panels::Definition definition;
    definition.id = "p";
    definition.kind = "k";
    panels::Tool& tool = definition.tools.emplace_back();
    tool.name = "t";
    tool.handler = std::move(handler);
    tool.capabilities = Capabilities::defaults();
    return definition;
  }
  // Calls the current definition of the panel; the outcome appears in the result.
  std::shared_ptr<std::optional<Ended>> call() {
    auto panel = registry_.find("p");
    auto in_force = panel->definition();
    const panels::Tool* const tool = in_force->find_tool("t");
    auto outcome = std::make_shared<std::optional<Ended>>();
    asio::co_spawn(loop_, executions_.run({std::move(panel), std::move(in_force), tool, "{}"}),
                   [outcome](std::exception_ptr, Result<Outcome> ended) {
                     if (!ended) return void(outcome->emplace(std::unexpected(ended.error())));
                     outcome->emplace(std::move(ended->result));
                   });
    return outcome;
  }
  void run_until(const std::shared_ptr<std::optional<Ended>>& outcome) {
    while (!outcome->has_value())
      ASSERT_EQ(loop_.run_one(), 1);
  }
  // Until a call of the panel waits for its turn.
  void run_until_one_waits() {
    while (registry_.find("p")->turns().waiting() == 0)
      ASSERT_EQ(loop_.run_one(), 1);
  }
  void run_all() {
    loop_.restart();
    loop_.run();
  }

  Result<std::unique_ptr<sandbox::Instance>> make() {
    if (no_instance_) return std::unexpected(*no_instance_);
    return sandbox::Instance::create(sandbox_.runtime());
  }

  std::optional<Error> no_instance_;  // why
  testing::Sandbox sandbox_;
  testing::AdvancedClock clock_;
  testing::BoundedLedger ledger_;
  handlers::HandlerCache cache_{1 << 30, ledger_};
  pool::InstancePool pool_{{.max_instances = 4, .min_instances = 0}, clock_, [this] { return make(); }};
  metrics::Probes probes_;
  panels::MemoryRegistry registry_{clock_, ledger_, 1000};
  asio::io_context loop_{1};
  subscribers::Subscribers subscribers_{ledger_, probes_};
  Executions executions_{loop_.get_executor(), clock_,      ledger_, cache_, pool_, probes_,
                         sandbox_.runtime(),   subscribers_};
};

constexpr const char* kCount = "$state.n = ($state.n ?? 0) + 1; return 'old'";
const std::string kLong = std::string(testing::kHold) + "$state.n = 1; return 'old'";

TEST_F(ExecutionsTest, ACallKeepsTheDefinitionThatItStartedWith) {
  ASSERT_TRUE(registry_.create(definition(kLong)));
  const auto running = call(), waiting = call();
  run_until_one_waits();
  ASSERT_TRUE(registry_.put(definition("return 'new'"), {}));
  const auto after = call();
  sandbox_.clock().let_go();
  run_all();
  EXPECT_EQ((**running)->return_json, R"("old")");
  EXPECT_EQ((**waiting)->return_json, R"("old")");
  EXPECT_EQ((**after)->return_json, R"("new")");
  EXPECT_EQ(registry_.find("p")->version(), 4);
}

TEST_F(ExecutionsTest, RemovingAPanelCancelsRunningCallsAndRejectsWaitingOnes) {
  ASSERT_TRUE(registry_.create(definition("for (;;) {}")));
  const auto panel = registry_.find("p");
  const auto running = call(), waiting = call();
  while (panel->turns().waiting() == 0 || executions_.running().uses().empty())
    ASSERT_EQ(loop_.run_one(), 1);
  ASSERT_TRUE(registry_.remove("p", {}));
  run_all();
  EXPECT_EQ((**running)->error->code, ErrorCode::kCancelled);
  EXPECT_EQ((**waiting).error().code, ErrorCode::kPanelNotFound);
}

TEST_F(ExecutionsTest, ACallThatGetsTheTurnOfARemovedPanelDoesNotRun) {
  ASSERT_TRUE(registry_.create(definition(kLong)));
  const auto panel = registry_.find("p");
  const auto first = call(), second = call();
  run_until_one_waits();
  sandbox_.clock().let_go();
  run_until(first);
  ASSERT_FALSE(second->has_value());
  ASSERT_EQ(panel->turns().waiting(), 0) << "the turn is on its way";
  ASSERT_TRUE(registry_.remove("p", {}));
  run_all();
  EXPECT_TRUE((**first)->ok());
  ASSERT_FALSE(**second) << "it would have said success, and its changes would have gone nowhere";
  EXPECT_EQ((**second).error().code, ErrorCode::kPanelNotFound);
}

TEST_F(ExecutionsTest, RunningCallsAreListedWithTheirBytes) {
  ASSERT_TRUE(registry_.create(
      definition(std::string("const kept = new Uint8Array(8 << 20).fill(1); ") + testing::kHold)));
  const auto running = call();
  while (executions_.running().uses().empty())
    ASSERT_EQ(loop_.run_one(), 1);
  auto uses = executions_.running().uses();
  while (uses.front().held_bytes < 8 << 20) {
    ASSERT_EQ(loop_.run_one(), 1);
    ASSERT_FALSE((uses = executions_.running().uses()).empty());
  }
  EXPECT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses.front().name, "p/t");
  EXPECT_EQ(uses.front().running, 1u);
  sandbox_.clock().let_go();
  run_until(running);
  EXPECT_TRUE(executions_.running().uses().empty());
}

// The engine's refusal of a memory always says one second; the loop's estimate must replace it.
TEST_F(ExecutionsTest, ARejectionForMemoryHasTheLoopsEstimateAsRetryAfter) {
  ASSERT_TRUE(registry_.create(
      definition(std::string("if ($state.is_loaded) ") + testing::kHold + "$state.is_loaded = true")));
  const auto first = call();  // loads the handler
  run_all();
  ASSERT_TRUE((**first)->ok());
  loop_.restart();
  const auto slow = call();
  while (probes_.in_progress.running == 0)
    ASSERT_EQ(loop_.run_one(), 1);
  ASSERT_FALSE(slow->has_value());
  clock_.advance_ms(20'000);
  sandbox_.clock().let_go();
  run_all();
  ASSERT_TRUE((**slow)->ok());
  pool_.reclaim(1 << 30);
  no_instance_ = Error{.code = ErrorCode::kOverloaded,
                       .message = "no memory for another instance",
                       .limit = LimitReached{"budget", "MEMORY_BUDGET_MB", 10, 20, 0},
                       .retry_after_ms = 1000};
  const auto refused = call();
  run_all();
  ASSERT_FALSE(**refused);
  EXPECT_EQ((**refused).error().code, ErrorCode::kOverloaded);
  EXPECT_GT(*(**refused).error().retry_after_ms, 1200) << "a sixteenth of 20 s";
}

TEST_F(ExecutionsTest, AHandlerWithoutMemoryForItsImageIsRejectedBeforeLoading) {
  ASSERT_TRUE(registry_.create(definition(kCount)));
  const auto others = ledger_.state().accounts.granted();
  ledger_.set_limit(others + 8'000);  // more than the image takes, less than it might take
  const auto refused = call();
  run_all();
  ASSERT_FALSE(**refused);
  EXPECT_EQ((**refused).error().code, ErrorCode::kOverloaded);
  EXPECT_TRUE((**refused).error().retry_after_ms.has_value());
  EXPECT_EQ(ledger_.granted(budget::Kind::kImages), 0);
  EXPECT_EQ(registry_.find("p")->state().to_json(), "{}");
  ledger_.set_limit(budget::kUnlimited);
  const auto again = call();
  run_all();
  EXPECT_TRUE((**again)->ok());
  EXPECT_LT(ledger_.granted(budget::Kind::kImages), 10'000) << "as large as it is";
}

// One bound for all waits of a call: QUEUE_TIMEOUT_MS, counted from its arrival.
TEST_F(ExecutionsTest, CallThatWaitsForItsTurnIsRejectedAtItsDeadline) {
  ASSERT_TRUE(registry_.create(definition(kLong)));
  const auto panel = registry_.find("p");
  const auto running = call(), late = call();
  run_until_one_waits();
  executions_.tick();
  EXPECT_EQ(panel->turns().waiting(), 1);
  clock_.advance_ms(2000);
  executions_.tick();
  run_until(late);
  ASSERT_FALSE(**late);
  EXPECT_EQ((**late).error().code, ErrorCode::kPanelBusy);
  EXPECT_EQ((**late).error().limit->setting, "QUEUE_TIMEOUT_MS");
  EXPECT_TRUE((**late).error().retry_after_ms);
  sandbox_.clock().let_go();
  run_all();
  EXPECT_TRUE((**running)->ok());
}

TEST_F(ExecutionsTest, TimeInTheTurnQueueCountsTowardsTheWaitForAnInstance) {
  ASSERT_TRUE(registry_.create(definition(kLong)));
  const auto running = call(), late = call();
  run_until_one_waits();
  clock_.advance_ms(1000);
  std::vector<pool::Lease> all_others;
  for (int n = 0; n < 3; ++n)
    all_others.push_back(*pool_.try_acquire());
  sandbox_.clock().let_go();
  run_until(running);
  all_others.push_back(*pool_.try_acquire());
  while (pool_.waiting_count() == 0)
    ASSERT_EQ(loop_.run_one(), 1);
  clock_.advance_ms(1000);
  pool_.tick();
  run_until(late);
  ASSERT_FALSE(**late);
  EXPECT_EQ((**late).error().code, ErrorCode::kOverloaded);
  EXPECT_EQ((**late).error().limit->setting, "QUEUE_TIMEOUT_MS");
}

TEST_F(ExecutionsTest, AThousandConcurrentCallsLoseNoUpdate) {
  ASSERT_TRUE(registry_.create(definition(kCount)));
  for (int n = 0; n < 1000; ++n)
    call();
  run_all();
  EXPECT_EQ(registry_.find("p")->state().to_json(), R"({"n":1000})");
  EXPECT_EQ(registry_.find("p")->version(), 1001);
}

}  // namespace
}  // namespace nexus::executions
