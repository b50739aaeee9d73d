#include "nexus/front/api/memory_resource.h"

#include <gmock/gmock.h>

#include "nexus/foundation/json/json.h"

namespace nexus::api {
namespace {

using metrics::HandlerOrder;
using testing::HasSubstr;
using testing::Not;

std::string json_of(const exposition::MemoryFacts& facts, const exposition::Snapshot& sum = {},
                    HandlerOrder order = HandlerOrder::kBytes) {
  std::string json;
  append_memory(json, facts, sum, order);
  EXPECT_EQ(check_json(json), JsonError::kNone) << json;
  return json;
}

exposition::MemoryFacts facts_of_a_container() {
  exposition::MemoryFacts facts;
  system::MemoryLimits& limits = facts.view.limits;
  limits.container_limit_bytes = 1000;
  limits.neighbours_bytes = 100;
  limits.working_set_bytes = 300;
  limits.budget_bytes = 800;
  limits.reserve_bytes = 40;
  limits.grantable_bytes = 760;
  facts.view.unaccounted_bytes = 10;
  facts.ledger.accounts.put(budget::Kind::kImages, 200);
  return facts;
}

TEST(MemoryResource, ListsEachLimitWithItsFreeBytes) {
  const std::string json = json_of(facts_of_a_container());
  EXPECT_THAT(json, HasSubstr(R"({"layer":"container","limitBytes":1000,"usedBytes":400,"freeBytes":600,)"));
  EXPECT_THAT(json, HasSubstr(R"({"layer":"budget","limitBytes":800,"usedBytes":210,"freeBytes":550,)"));
  EXPECT_THAT(json, Not(HasSubstr("machine"))) << "nothing is known of it";
  EXPECT_THAT(json, HasSubstr(R"("grantedBytes":200,"unaccountedBytes":10,)"));
}

TEST(MemoryResource, ListsTheTrackingOfWrites) {
  exposition::MemoryFacts facts;
  facts.tracking = {.learning = 5, .copying = 2};
  EXPECT_THAT(json_of(facts), HasSubstr(R"("writeTracking":{"protected":5,"copied":2}})"));
}

TEST(MemoryResource, ListsNoContainerWithoutALimit) {
  exposition::MemoryFacts facts = facts_of_a_container();
  facts.view.limits.container_limit_bytes.reset();
  facts.view.limits.machine_total_bytes = 5000;
  facts.view.limits.machine_available_bytes = 1000;
  const std::string json = json_of(facts);
  EXPECT_THAT(json, Not(HasSubstr(R"("layer":"container")")));
  EXPECT_THAT(json, HasSubstr(R"({"layer":"machine","limitBytes":5000,"usedBytes":4000,"freeBytes":1000,)"));
}

TEST(MemoryResource, HasZeroFreeBytesAboveTheLimit) {
  exposition::MemoryFacts facts = facts_of_a_container();
  facts.view.unaccounted_bytes = 5000;
  EXPECT_THAT(json_of(facts), HasSubstr(R"("usedBytes":5200,"freeBytes":0,)"));
}

TEST(MemoryResource, ListsTwentyHandlersInTheRequestedOrder) {
  exposition::Snapshot sum;
  for (int n = 10; n < 40; ++n) {
    sum.handlers.push_back({.name = "p/t" + std::to_string(n),
                            .p99_bytes = static_cast<std::uint64_t>(n),
                            .running_us = static_cast<std::uint64_t>(100 - n)});
  }
  const std::string by_bytes = json_of({}, sum);
  EXPECT_THAT(
      by_bytes,
      HasSubstr(R"("handlers":[{"name":"p/t39","running":0,"heldBytes":0,"imageBytes":0,"p99Bytes":39,)"));
  EXPECT_THAT(by_bytes, HasSubstr("p/t20"));
  EXPECT_THAT(by_bytes, Not(HasSubstr("p/t19")));
  EXPECT_THAT(json_of({}, sum, HandlerOrder::kTime), HasSubstr(R"("handlers":[{"name":"p/t10",)"));
}

TEST(MemoryResource, ListsUncleanExits) {
  exposition::MemoryFacts facts;
  facts.unclean_exits = {{diagnostics::Cause::kContainerMemory, {"it \"ended\"", "memory"}}, {}};
  EXPECT_THAT(
      json_of(facts),
      HasSubstr(
          R"("uncleanExits":[{"cause":"container","lines":["it \"ended\"","memory"]},{"cause":"unknown","lines":[]}])"));
}

TEST(HandlerOrderOf, IsBytesByDefault) {
  EXPECT_EQ(handler_order_of(""), HandlerOrder::kBytes);
  EXPECT_EQ(handler_order_of("sort=host-calls"), HandlerOrder::kHostCalls);
  EXPECT_FALSE(handler_order_of("sort=hostCalls"));
  EXPECT_FALSE(handler_order_of("sort=time&sort=time"));
}

}  // namespace
}  // namespace nexus::api
