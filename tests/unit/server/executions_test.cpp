// Executions with real instances, on a loop that the test turns by hand: what happens to a panel between two turns of it.
#include "nexus/server/executions.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>

#include "nexus/panels/registry.h"
#include "support/sandbox.h"

namespace nexus::server {
namespace {

using Outcome = Result<sandbox::ExecutionResult>;

class ExecutionsTest : public ::testing::Test {
 protected:
  panels::Definition definition(std::string handler) {
    panels::Definition definition;
    definition.id = "p";
    definition.kind = "k";
    panels::Tool& tool = definition.tools.emplace_back();
    tool.name = "t";
    tool.handler = std::move(handler);
    tool.capabilities = sandbox::Capabilities::defaults();
    return definition;
  }
  // A call of the panel as it is now; where its outcome will be.
  std::shared_ptr<std::optional<Outcome>> call() {
    auto panel = registry_.find("p");
    auto in_force = panel->definition();
    const panels::Tool* const tool = in_force->find_tool("t");
    auto outcome = std::make_shared<std::optional<Outcome>>();
    asio::co_spawn(loop_, executions_.run({std::move(panel), std::move(in_force), tool, "{}"}),
                   [outcome](std::exception_ptr, Outcome ended) { outcome->emplace(std::move(ended)); });
    return outcome;
  }
  void run_until(const std::shared_ptr<std::optional<Outcome>>& outcome) {
    while (!outcome->has_value())
      ASSERT_EQ(loop_.run_one(), 1);
  }
  void run_all() {
    loop_.restart();
    loop_.run();
  }

  testing::Sandbox sandbox_;
  SystemClock clock_;
  budget::UnlimitedLedger ledger_;
  handlers::HandlerCache cache_{1 << 30, ledger_};
  pool::InstancePool pool_{{.max_instances = 4, .min_instances = 1}, clock_, [this] {
                             return sandbox::Instance::create(sandbox_.runtime());
                           }};
  metrics::Probes probes_;
  panels::MemoryRegistry registry_{clock_, ledger_, 1000};
  asio::io_context loop_{1};
  Audience audience_{ledger_, probes_};
  Executions executions_{loop_.get_executor(), clock_,   ledger_, cache_, pool_, probes_,
                         sandbox_.runtime(),   audience_};
};

constexpr const char* kCount = "$state.n = ($state.n ?? 0) + 1; return 'old'";
constexpr const char* kLong =
    "const end = Date.now() + 30; while (Date.now() < end); $state.n = 1; return 'old'";

TEST_F(ExecutionsTest, ACallEndsOnTheDefinitionThatItCameFor) {
  ASSERT_TRUE(registry_.create(definition(kLong)));
  const auto running = call(), waiting = call();
  while (registry_.find("p")->turns().waiting() == 0)
    ASSERT_EQ(loop_.run_one(), 1);
  ASSERT_TRUE(registry_.put(definition("return 'new'"), {}));
  const auto after = call();
  run_all();
  EXPECT_EQ((**running)->return_json, R"("old")");
  EXPECT_EQ((**waiting)->return_json, R"("old")");
  EXPECT_EQ((**after)->return_json, R"("new")");
  EXPECT_EQ(registry_.find("p")->version(), 4);
}

TEST_F(ExecutionsTest, WhatRunsInAPanelThatIsRemovedIsCancelledAndWhatWaitsIsRefused) {
  ASSERT_TRUE(registry_.create(definition("for (;;) {}")));
  const auto panel = registry_.find("p");
  const auto running = call(), waiting = call();
  while (panel->turns().waiting() == 0)
    ASSERT_EQ(loop_.run_one(), 1);
  ASSERT_TRUE(registry_.remove("p", {}));
  run_all();
  EXPECT_EQ((**running)->error->code, ErrorCode::kCancelled);
  EXPECT_EQ((**waiting).error().code, ErrorCode::kPanelNotFound);
}

TEST_F(ExecutionsTest, WhoHasJustBeenPassedTheTurnOfARemovedPanelDoesNotRun) {
  ASSERT_TRUE(registry_.create(definition(kLong)));
  const auto panel = registry_.find("p");
  const auto first = call(), second = call();
  run_until(first);
  ASSERT_FALSE(second->has_value());
  ASSERT_EQ(panel->turns().waiting(), 0) << "the turn is on its way";
  ASSERT_TRUE(registry_.remove("p", {}));
  run_all();
  EXPECT_TRUE((**first)->ok());
  ASSERT_FALSE(**second) << "it would have said success, and its changes would have gone nowhere";
  EXPECT_EQ((**second).error().code, ErrorCode::kPanelNotFound);
}

TEST_F(ExecutionsTest, NoUpdateIsLostOverAThousandCallsAtOnce) {
  ASSERT_TRUE(registry_.create(definition(kCount)));
  for (int n = 0; n < 1000; ++n)
    call();
  run_all();
  EXPECT_EQ(registry_.find("p")->state().to_json(), R"({"n":1000})");
  EXPECT_EQ(registry_.find("p")->version(), 1001);
}

}  // namespace
}  // namespace nexus::server
