#include "nexus/runtime/exposition/memory_advice.h"

#include <gmock/gmock.h>

#include "nexus/foundation/base/units.h"

namespace nexus::exposition {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kTenthMiB = 1_MiB / 10;

// A container of 1 GiB without any problem.
MemoryFacts well() {
  MemoryFacts facts;
  facts.view.limits.container_limit_bytes = 1_GiB;
  facts.view.limits.budget_bytes = 1_GiB;
  facts.view.limits.reserve_bytes = 51_MiB;
  facts.view.limits.grantable_bytes = 973_MiB;
  facts.view.limits.setting = "the container's memory limit";
  facts.memory_limit_bytes = 32_MiB;
  facts.max_instances = 64;
  return facts;
}

metrics::HandlerUse handler(std::string name, std::uint64_t p99, std::uint64_t limit = 32_MiB,
                            std::uint64_t executions = kEnoughExecutions) {
  return {.name = std::move(name),
          .image_bytes = 1,
          .p99_bytes = p99,
          .high_water_bytes = p99,
          .memory_limit_bytes = limit,
          .executions = executions};
}

std::vector<std::string> advice(const MemoryFacts& facts,
                                const std::vector<metrics::HandlerUse>& handlers = {},
                                const metrics::AdmissionProbe& refusals = {}) {
  return memory_advice(facts, refusals, handlers);
}

TEST(MemoryAdvice, IsEmptyWithoutAProblem) {
  EXPECT_THAT(advice(well()), IsEmpty());
  EXPECT_THAT(advice(well(), {handler("todo/add", 9_MiB)}), IsEmpty()) << "of 32 that is no waste";
}

TEST(MemoryAdvice, SuggestsALowerLimitThatSuffices) {
  EXPECT_THAT(advice(well(), {handler("todo/add", 31 * kTenthMiB), handler("todo/list", 1_MiB)}),
              ElementsAre("MEMORY_LIMIT_MB is 32; p99 of todo/add is 3.1 MiB: 8 would do"));
}

TEST(MemoryAdvice, SuggestsALowerLimitBelowAQuarterOfIt) {
  EXPECT_THAT(advice(well(), {handler("p/a", 8_MiB)}), ElementsAre(HasSubstr("16 would do")));
  EXPECT_THAT(advice(well(), {handler("p/a", 8_MiB + 1)}), IsEmpty());
}

TEST(MemoryAdvice, SuggestsNoLimitThatAnExecutionHasExceeded) {
  metrics::HandlerUse spiky = handler("p/a", 1_MiB);
  spiky.high_water_bytes = 5_MiB;
  EXPECT_THAT(advice(well(), {spiky}), ElementsAre(HasSubstr("8 would do")));
  spiky.high_water_bytes = 17_MiB;
  EXPECT_THAT(advice(well(), {spiky}), IsEmpty());
}

// Otherwise the next advice would be to raise that limit again.
TEST(MemoryAdvice, SuggestsNoLimitThatAnExecutionComesNear) {
  metrics::HandlerUse spiky = handler("p/a", 1_MiB);
  spiky.high_water_bytes = 7_MiB;
  EXPECT_THAT(advice(well(), {spiky}), ElementsAre(HasSubstr("16 would do")));
  spiky.memory_limit_bytes = 16_MiB;
  MemoryFacts followed = well();
  followed.memory_limit_bytes = 16_MiB;
  EXPECT_THAT(advice(followed, {spiky}), IsEmpty());
}

TEST(MemoryAdvice, UsesTheHandlerThatNeedsTheMost) {
  metrics::HandlerUse spiky = handler("p/z", 1_MiB, 32_MiB, 1);
  spiky.high_water_bytes = 9_MiB;
  EXPECT_THAT(advice(well(), {handler("p/a", 2_MiB), spiky}), IsEmpty());
}

TEST(MemoryAdvice, SuggestsAtLeastTheInterpretersMemory) {
  EXPECT_THAT(advice(well(), {handler("p/a", 100)}), ElementsAre(HasSubstr("2 would do")));
}

TEST(MemoryAdvice, NeedsEnoughExecutionsOfEachHandler) {
  EXPECT_THAT(advice(well(), {handler("p/a", 1_MiB, 32_MiB, kEnoughExecutions - 1)}), IsEmpty());
  EXPECT_THAT(advice(well(), {handler("p/a", 2_MiB, 32_MiB, 1), handler("p/b", 1_MiB)}), IsEmpty());
}

TEST(MemoryAdvice, SuggestsNoLimitWithoutTheImagesSize) {
  metrics::HandlerUse unknown = handler("p/a", 1_MiB);
  unknown.image_bytes = 0;
  EXPECT_THAT(advice(well(), {unknown}), IsEmpty());
}

TEST(MemoryAdvice, JudgesAHandlersOwnLimitSeparately) {
  EXPECT_THAT(advice(well(), {handler("p/large", 20_MiB), handler("p/own", 1_MiB, 16_MiB)}),
              ElementsAre("memoryLimitBytes of p/own is 16 MiB; its p99 is 1 MiB: 2 MiB would do"));
}

TEST(MemoryAdvice, WarnsOfANearLimit) {
  EXPECT_THAT(advice(well(), {handler("p/a", 31_MiB), handler("p/own", 4_MiB, 4_MiB)}),
              ElementsAre("p/a has used 31 MiB of its 32 MiB: raise MEMORY_LIMIT_MB, or it will end in "
                          "MEMORY_LIMIT",
                          HasSubstr("raise its memoryLimitBytes")));
}

TEST(MemoryAdvice, NamesTheLayerThatRejectsAndTheSetting) {
  metrics::AdmissionProbe refusals;
  refusals.by_layer = {0, 3, 1, 0};
  EXPECT_THAT(advice(well(), {}, refusals),
              ElementsAre("refused 3 times by the budget: raise MEMORY_BUDGET_MB, or lower MAX_INSTANCES",
                          HasSubstr("refused 1 time by the pool: raise MAX_INSTANCES (now 64)")));
}

TEST(MemoryAdvice, SuggestsWhatWouldFreeTheMostMemory) {
  metrics::AdmissionProbe refusals;
  refusals.by_layer = {1, 0, 0, 0};
  MemoryFacts facts = well();
  facts.ledger.accounts.put(budget::Kind::kServer, 40_MiB);
  EXPECT_THAT(advice(facts, {}, refusals), Contains(HasSubstr("memory limit, or keep less in panels")));
  facts.ledger.accounts.put(budget::Kind::kSuspended, 41_MiB);
  EXPECT_THAT(advice(facts, {}, refusals), Contains(HasSubstr("or let handlers keep less while they wait")));
}

TEST(MemoryAdvice, NamesTheMemoryOfACacheOnTmpfs) {
  MemoryFacts facts = well();
  ASSERT_TRUE(facts.ledger.accounts.take(budget::Kind::kCache, 63_MiB));
  EXPECT_THAT(advice(facts), IsEmpty());
  ASSERT_TRUE(facts.ledger.accounts.take(budget::Kind::kCache, 65_MiB));
  EXPECT_THAT(advice(facts),
              ElementsAre(HasSubstr("the container has 1 GiB; the cache on tmpfs takes 128 MiB "
                                    "of it")));
}

TEST(MemoryAdvice, SaysThatThereIsNoContainerLimit) {
  MemoryFacts facts = well();
  facts.view.limits.container_limit_bytes.reset();
  EXPECT_THAT(advice(facts),
              ElementsAre("no container limit: MEMORY_BUDGET_MB bounds the process, at 1 GiB now"));
}

TEST(MemoryAdvice, WarnsOfUnaccountedMemoryBeyondTheReserve) {
  MemoryFacts facts = well();
  facts.view.unaccounted_bytes = 60_MiB;
  EXPECT_THAT(advice(facts),
              ElementsAre(HasSubstr("more than the reserve of 51 MiB: raise the container's")));
}

}  // namespace
}  // namespace nexus::exposition
