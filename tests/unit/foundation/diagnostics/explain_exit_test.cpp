#include "nexus/foundation/diagnostics/explain_exit.h"

#include <gtest/gtest.h>

#include "nexus/foundation/base/units.h"

namespace nexus::diagnostics {
namespace {

UncleanExit exit_of(std::uint64_t working_set) {
  Record record;
  record.pid = 7;
  record.version = "1.0";
  record.written_unix_ms = 1'577'836'800'000;
  record.container_limit_bytes = record.budget_bytes = 512_MiB;
  record.machine_total_bytes = 16_GiB;
  record.machine_available_bytes = 8_GiB;
  record.working_set_bytes = working_set;
  record.reserve_bytes = 32_MiB;
  record.grantable_bytes = 480_MiB;
  record.accounted_bytes[static_cast<std::size_t>(budget::Kind::kInstances)] = 400_MiB;
  record.top_handlers[0] = {.name = {}, .bytes = 300_MiB, .running = 3};
  record.top_handlers[0].name = "cart/add";
  return {"last-words-7", record};
}

std::string all(const UncleanExit& exit) {
  std::string text;
  for (const std::string& line : explain(exit))
    text += line + '\n';
  return text;
}

TEST(ExplainExit, AFullContainer) {
  const UncleanExit exit = exit_of(500_MiB);
  EXPECT_EQ(cause_of(exit), Cause::kContainerMemory);
  const std::string text = all(exit);
  for (const std::string part : {"process 7 (version 1.0", "2020-01-01T00:00:00Z", "12 MiB free of 512 MiB",
                                 "OOMKilled", "instances 400 MiB", "cart/add 300 MiB (3 running)",
                                 "100 MiB were used by what is not accounted", "MEMORY_BUDGET_MB to 412"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(ExplainExit, ContainerFilledByNeighbours) {
  UncleanExit exit = exit_of(200_MiB);
  EXPECT_EQ(cause_of(exit), Cause::kOther);
  exit.record->neighbours_bytes = 300_MiB;
  EXPECT_EQ(cause_of(exit), Cause::kContainerMemory);
  EXPECT_NE(all(exit).find("neighbours"), std::string::npos);
}

TEST(ExplainExit, AFullMachine) {
  UncleanExit exit = exit_of(100_MiB);
  exit.record->container_limit_bytes = 0;
  EXPECT_EQ(cause_of(exit), Cause::kOther);
  exit.record->machine_available_bytes = 100_MiB;
  EXPECT_EQ(cause_of(exit), Cause::kMachineMemory);
  EXPECT_EQ(all(exit).find("OOMKilled"), std::string::npos);
}

TEST(ExplainExit, FreeMemoryMeansCrash) {
  const std::string text = all(exit_of(300_MiB));
  EXPECT_NE(text.find("a crash (134, 139)"), std::string::npos);
  EXPECT_EQ(text.find("MEMORY_BUDGET_MB"), std::string::npos);
}

TEST(ExplainExit, UnreadableRecord) {
  const UncleanExit exit{"last-words-\n1", std::nullopt};
  EXPECT_EQ(cause_of(exit), Cause::kUnknown);
  EXPECT_NE(all(exit).find("last-words-?1 cannot be read"), std::string::npos);
}

TEST(ExplainExit, ANameCannotForgeALine) {
  UncleanExit exit = exit_of(500_MiB);
  exit.record->top_handlers[0].name = "a\n\x1b[31mb\xff";
  EXPECT_NE(all(exit).find("a??[31mb? 300 MiB"), std::string::npos);
}

TEST(ExplainExit, NamesRunningAndLargestHandlers) {
  UncleanExit exit = exit_of(500_MiB);
  exit.record->top_handlers[1] = {.name = {}, .bytes = 9_MiB, .running = 0};
  exit.record->top_handlers[1].name = "cart/list";
  EXPECT_NE(
      all(exit).find("most memory: cart/add 300 MiB (3 running), cart/list 9 MiB (at most, none running)\n"),
      std::string::npos);
}

TEST(ExplainExit, AnyNumbersGiveText) {
  UncleanExit exit = exit_of(UINT64_MAX);
  exit.record->written_unix_ms = INT64_MAX;
  exit.record->started_unix_ms = INT64_MIN;
  exit.record->neighbours_bytes = UINT64_MAX;
  exit.record->accounted_bytes.fill(UINT64_MAX);
  EXPECT_FALSE(explain(exit).empty());
}

}  // namespace
}  // namespace nexus::diagnostics
