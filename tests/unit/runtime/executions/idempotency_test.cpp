#include "nexus/runtime/executions/idempotency.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/loops.h"

namespace nexus::executions {
namespace {

constexpr std::uint64_t kKnownMs = 5 * 60 * 1000;

class IdempotencyTest : public ::testing::Test {
 protected:
  ExecutionPtr ended() {
    auto execution = std::make_shared<Execution>();
    execution->status = Execution::Status::kEnded;
    execution->changed_at(clock_);
    return execution;
  }

  std::shared_ptr<panels::Panel> panel(std::string id) {
    panels::Definition definition;
    definition.id = std::move(id);
    return std::make_shared<panels::Panel>(std::move(definition), 1, 10, 0, budget::Grant());
  }

  testing::AdvancedClock clock_;
  budget::UnlimitedLedger ledger_;
  const std::shared_ptr<panels::Panel> p_ = panel("p"), q_ = panel("q");
  Idempotency keys_{clock_, ledger_};
};

TEST_F(IdempotencyTest, AKeyExpiresFiveMinutesAfterItsExecutionEnded) {
  EXPECT_EQ(keys_.find(p_, "k"), nullptr);
  const auto entry = *keys_.add(p_, "k", content_of("t", "{}"));
  EXPECT_EQ(keys_.find(q_, "k"), nullptr);
  EXPECT_EQ(keys_.find(p_, "k"), entry);
  EXPECT_FALSE(entry->is_settled());
  clock_.advance_ms(10 * kKnownMs);
  EXPECT_EQ(keys_.find(p_, "k"), entry) << "it goes on";
  const auto execution = ended();
  keys_.ran(*entry, execution);
  EXPECT_EQ(entry->execution(), execution);
  clock_.advance_ms(kKnownMs - 1000);
  EXPECT_EQ(keys_.find(p_, "k"), entry);
  clock_.advance_ms(1000);
  EXPECT_EQ(keys_.find(p_, "k"), nullptr);
  EXPECT_EQ(ledger_.granted(budget::Kind::kServer), 0u);
}

TEST_F(IdempotencyTest, AnEvictedResultKeepsItsKey) {
  const auto entry = *keys_.add(p_, "k", {});
  keys_.ran(*entry, ended());
  EXPECT_EQ(entry->execution(), nullptr);
  EXPECT_EQ(keys_.find(p_, "k"), entry);
  clock_.advance_ms(kKnownMs);
  keys_.tick();
  EXPECT_EQ(keys_.size(), 0u);
}

TEST_F(IdempotencyTest, TheKeyOfASuspendedExecutionDoesNotExpire) {
  const auto entry = *keys_.add(p_, "k", {});
  const auto execution = std::make_shared<Execution>();
  execution->status = Execution::Status::kSuspended;
  keys_.ran(*entry, execution);
  clock_.advance_ms(10 * kKnownMs);
  keys_.tick();
  EXPECT_EQ(keys_.find(p_, "k"), entry);
}

TEST_F(IdempotencyTest, ARejectionReachesAllWaitersAndFreesTheKey) {
  const auto entry = *keys_.add(p_, "k", {});
  int told = 0;
  entry->call_when_settled([&told](bool) { ++told; });
  entry->call_when_settled([&told](bool) { ++told; });
  keys_.refused(*p_, "k", *entry, {{.code = ErrorCode::kPanelBusy, .message = "m"}});
  EXPECT_EQ(told, 2);
  EXPECT_EQ(entry->refusal()->error.code, ErrorCode::kPanelBusy);
  EXPECT_EQ(keys_.find(p_, "k"), nullptr);
}

TEST_F(IdempotencyTest, AFullTableDropsTheOldestSettledKey) {
  const auto going_on = *keys_.add(p_, "0", {});
  for (std::size_t n = 1; n < Idempotency::kMostKeys; ++n)
    keys_.ran(**keys_.add(p_, std::to_string(n), {}), ended());
  ASSERT_TRUE(keys_.add(p_, "one more", {}));
  EXPECT_EQ(keys_.size(), Idempotency::kMostKeys);
  EXPECT_EQ(keys_.find(p_, "0"), going_on);
  EXPECT_EQ(keys_.find(p_, "1"), nullptr);
  EXPECT_NE(keys_.find(p_, "2"), nullptr);
}

TEST_F(IdempotencyTest, ARecreatedPanelHasNoKeys) {
  const auto of_old = *keys_.add(p_, "k", {});
  const auto made_again = panel("p");
  EXPECT_EQ(keys_.find(made_again, "k"), nullptr);
  const auto of_new = *keys_.add(made_again, "k", {});
  keys_.refused(*p_, "k", *of_old, {{.code = ErrorCode::kPanelNotFound, .message = "m"}});
  EXPECT_TRUE(of_old->is_settled());
  EXPECT_EQ(keys_.find(made_again, "k"), of_new) << "it is the other's";
}

TEST_F(IdempotencyTest, TheDigestCoversToolAndBody) {
  EXPECT_EQ(content_of("t", "{}"), content_of("t", "{}"));
  EXPECT_NE(content_of("t", "{}"), content_of("u", "{}"));
  EXPECT_NE(content_of("t", "{}"), content_of("t", "{ }"));
}

Task<testing::Loops::Response> add(testing::Loops& loops, std::string key, std::string body = "{}",
                                   std::string tool = "t") {
  return loops.ask(0, http::Method::post, "/panels/p/trigger/" + tool, body, {.idempotency_key = key});
}

TEST(IdempotencyOfTriggers, ARepeatedRequestRunsOnce) {
  testing::Loops loops(1);
  loops.spawn(0, [](testing::Loops& all) -> Task<void> {
    co_await all.ask(0, http::Method::post, "/panels", testing::definition_of("p", "return ++$state.n"));
    const auto first = co_await add(all, "k");
    EXPECT_NE(first.body.find(R"("returnValue":1)"), std::string::npos) << first.body;
    const auto again = co_await add(all, "k");
    EXPECT_EQ(again.body, first.body);
    const auto other_key = co_await add(all, "l");
    EXPECT_NE(other_key.body.find(R"("returnValue":2)"), std::string::npos);
    const auto other_body = co_await add(all, "k", R"({"a":1})");
    EXPECT_EQ(other_body.status, 422u);
    EXPECT_NE(other_body.body.find("IDEMPOTENCY_MISMATCH"), std::string::npos);
    const auto no_key = co_await add(all, "with space");
    EXPECT_EQ(no_key.status, 400u);
    const auto longer = co_await add(all, std::string(Idempotency::kMostKeyBytes + 1, 'k'));
    EXPECT_EQ(longer.status, 400u);
    const auto refused = co_await add(all, "m", "{}", "none");
    EXPECT_EQ(refused.status, 404u);
  }(loops));
  loops.run();
}

TEST(IdempotencyOfTriggers, ARequestDuringTheFirstGetsItsResponse) {
  testing::Loops loops(1);
  std::vector<std::string> bodies;
  loops.spawn(0, [](testing::Loops& all, std::vector<std::string>& answers) -> Task<void> {
    co_await all.ask(0, http::Method::post, "/panels",
                     testing::definition_of("p", std::string(testing::kHold) + "return ++$state.n"));
    for (int n = 0; n < 3; ++n) {
      all.spawn(0, [](testing::Loops& its, std::vector<std::string>& to) -> Task<void> {
        auto answer = co_await add(its, "k");
        to.push_back(std::move(answer.body));
      }(all, answers));
    }
    // Each starts in its turn, and runs until it waits.
    all.spawn(0, [](testing::Loops& its) -> Task<void> {
      its.clock().let_go();
      co_return;
    }(all));
  }(loops, bodies));
  loops.run();
  ASSERT_EQ(bodies.size(), 3u);
  EXPECT_NE(bodies[0].find(R"("returnValue":1)"), std::string::npos) << bodies[0];
  EXPECT_EQ(bodies[1], bodies[0]);
  EXPECT_EQ(bodies[2], bodies[0]);
}

}  // namespace
}  // namespace nexus::executions
