#include "nexus/foundation/metrics/handler_use.h"

#include <gmock/gmock.h>

namespace nexus::metrics {
namespace {

using testing::ElementsAre;
using testing::Field;

auto named(std::string_view name) { return Field(&HandlerUse::name, name); }

TEST(TopHandlers, SortsByRequestedOrder) {
  const std::vector<HandlerUse> all{
      {.name = "p/a", .p99_bytes = 1, .executions = 9, .running_us = 5},
      {.name = "p/b", .p99_bytes = 3, .executions = 1, .running_us = 7, .refusals = 1},
      {.name = "p/c", .p99_bytes = 2, .executions = 5, .running_us = 1, .host_calls = 2},
  };
  EXPECT_THAT(top_handlers(all, HandlerOrder::kBytes, 2), ElementsAre(named("p/b"), named("p/c")));
  EXPECT_THAT(top_handlers(all, HandlerOrder::kCalls, 9),
              ElementsAre(named("p/a"), named("p/c"), named("p/b")));
  EXPECT_THAT(top_handlers(all, HandlerOrder::kTime, 1), ElementsAre(named("p/b")));
  EXPECT_THAT(top_handlers(all, HandlerOrder::kHostCalls, 1), ElementsAre(named("p/c")));
  EXPECT_THAT(top_handlers(all, HandlerOrder::kRefusals, 1), ElementsAre(named("p/b")));
}

TEST(TopHandlers, ByBytesUsesHeldOrNeededBytes) {
  const std::vector<HandlerUse> all{{.name = "p/a", .p99_bytes = 3},
                                    {.name = "p/b", .p99_bytes = 1, .held_bytes = 4, .running = 1},
                                    {.name = "p/c", .held_bytes = 2, .running = 1}};
  EXPECT_THAT(top_handlers(all, HandlerOrder::kBytes, 9),
              ElementsAre(named("p/b"), named("p/a"), named("p/c")));
}

TEST(TopHandlers, ByHeldBytesRunningComeFirstThenHighestNeed) {
  const std::vector<HandlerUse> all{{.name = "p/a", .high_water_bytes = 8},
                                    {.name = "p/b", .high_water_bytes = 9},
                                    {.name = "p/c", .held_bytes = 1, .running = 1},
                                    {.name = "p/d", .held_bytes = 2, .running = 1}};
  EXPECT_THAT(top_handlers(all, HandlerOrder::kHeld, 9),
              ElementsAre(named("p/d"), named("p/c"), named("p/b"), named("p/a")));
}

TEST(TopHandlers, TiesAreSortedByName) {
  const std::vector<HandlerUse> all{{.name = "p/c"}, {.name = "p/a"}, {.name = "p/b", .high_water_bytes = 1}};
  EXPECT_THAT(top_handlers(all, HandlerOrder::kBytes, 9),
              ElementsAre(named("p/b"), named("p/a"), named("p/c")));
  EXPECT_THAT(top_handlers({}, HandlerOrder::kBytes, 9), ElementsAre());
}

TEST(TopHandlers, SameNameIsAddedUp) {
  const HandlerUse here{.name = "p/a",
                        .p99_bytes = 5,
                        .high_water_bytes = 6,
                        .held_bytes = 7,
                        .running = 1,
                        .memory_limit_bytes = 9,
                        .executions = 1,
                        .running_us = 2,
                        .host_calls = 3,
                        .suspensions = 4,
                        .refusals = 5};
  HandlerUse there = here;
  there.p99_bytes = 4;
  there.high_water_bytes = 8;
  const auto top = top_handlers({here, {.name = "p/b"}, there}, HandlerOrder::kBytes, 9);
  ASSERT_THAT(top, ElementsAre(named("p/a"), named("p/b")));
  EXPECT_EQ(top[0].p99_bytes, 5u);
  EXPECT_EQ(top[0].high_water_bytes, 8u);
  EXPECT_EQ(top[0].held_bytes, 14u);
  EXPECT_EQ(top[0].running, 2u);
  EXPECT_EQ(top[0].memory_limit_bytes, 9u);
  EXPECT_EQ(top[0].executions, 2u);
  EXPECT_EQ(top[0].running_us, 4u);
  EXPECT_EQ(top[0].host_calls, 6u);
  EXPECT_EQ(top[0].suspensions, 8u);
  EXPECT_EQ(top[0].refusals, 10u);
}

}  // namespace
}  // namespace nexus::metrics
