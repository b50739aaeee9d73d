#include "nexus/foundation/system/memory_limits.h"

#include <gtest/gtest.h>

#include "nexus/foundation/base/units.h"

namespace nexus::system {
namespace {

constexpr char kMachine[] =
    "MemTotal:       16777216 kB\nMemFree:         1000000 kB\nMemAvailable:    8388608 kB\n";

ContainerMemory container(std::uint64_t limit, std::uint64_t working_set = 0, std::uint64_t neighbours = 0) {
  ContainerMemory memory;
  memory.limit_bytes = limit;
  memory.limit_file = "/sys/fs/cgroup/memory.max";
  memory.neighbours_bytes = neighbours;
  memory.usage_bytes = working_set + 1_MiB;
  memory.working_set_bytes = working_set;
  memory.version = 2;
  return memory;
}

TEST(MemoryLimits, MachineWithoutContainer) {
  ContainerMemory session;
  session.usage_bytes = session.working_set_bytes = 5_GiB;
  const MemoryLimits limits = memory_limits_of(session, kMachine, std::nullopt);
  EXPECT_EQ(limits.container_limit_bytes, std::nullopt);
  EXPECT_EQ(limits.working_set_bytes, 0u);  // the group may be a whole session
  EXPECT_EQ(limits.container_usage_bytes, 0u);
  EXPECT_EQ(limits.machine_total_bytes, 16_GiB);
  EXPECT_EQ(limits.machine_available_bytes, 8_GiB);
  EXPECT_EQ(limits.budget_bytes, 16_GiB / 5 * 4);
  EXPECT_EQ(limits.reserve_bytes, limits.budget_bytes / 20);
  EXPECT_EQ(limits.grantable_bytes, limits.budget_bytes - limits.reserve_bytes);
  EXPECT_EQ(limits.tightest, "budget");
  EXPECT_EQ(limits.setting, "MEMORY_BUDGET_MB");
}

TEST(MemoryLimits, ContainerLimitIsDefaultBudget) {
  const MemoryLimits limits = memory_limits_of(container(512_MiB, 100_MiB), kMachine, std::nullopt);
  EXPECT_EQ(limits.container_limit_bytes, 512_MiB);
  EXPECT_EQ(limits.container_limit_file, "/sys/fs/cgroup/memory.max");
  EXPECT_EQ(limits.container_usage_bytes, 101_MiB);
  EXPECT_EQ(limits.working_set_bytes, 100_MiB);
  EXPECT_EQ(limits.budget_bytes, 512_MiB);
  EXPECT_EQ(limits.reserve_bytes, 32_MiB);
  EXPECT_EQ(limits.grantable_bytes, 480_MiB);
  EXPECT_EQ(limits.tightest, "container");
  EXPECT_EQ(limits.setting, "the container's memory limit");
}

TEST(MemoryLimits, LowerOfBudgetAndContainerCounts) {
  const MemoryLimits lower = memory_limits_of(container(1_GiB), kMachine, 256_MiB);
  EXPECT_EQ(lower.grantable_bytes, 224_MiB);
  EXPECT_EQ(lower.tightest, "budget");
  EXPECT_EQ(lower.setting, "MEMORY_BUDGET_MB");
  const MemoryLimits higher = memory_limits_of(container(1_GiB), kMachine, 2_GiB);
  EXPECT_EQ(higher.budget_bytes, 2_GiB);
  EXPECT_EQ(higher.grantable_bytes, 1_GiB - 1_GiB / 20);
  EXPECT_EQ(higher.tightest, "container");
}

TEST(MemoryLimits, NeighboursUseIsNotGrantable) {
  const MemoryLimits limits = memory_limits_of(container(1_GiB, 100_MiB, 600_MiB), kMachine, 512_MiB);
  EXPECT_EQ(limits.reserve_bytes, 32_MiB);
  EXPECT_EQ(limits.grantable_bytes, 424_MiB - 32_MiB);
  EXPECT_EQ(limits.tightest, "container");
  EXPECT_EQ(memory_limits_of(container(1_GiB, 0, 2_GiB), kMachine, std::nullopt).grantable_bytes, 0u);
}

TEST(MemoryLimits, LimitAboveMachineIsIgnored) {
  const MemoryLimits limits = memory_limits_of(container(64_GiB), kMachine, std::nullopt);
  EXPECT_EQ(limits.container_limit_bytes, std::nullopt);
  EXPECT_EQ(limits.budget_bytes, 16_GiB / 5 * 4);
  const MemoryLimits beyond = memory_limits_of({}, kMachine, 64_GiB);
  EXPECT_EQ(beyond.grantable_bytes, 16_GiB - 16_GiB / 20);
  EXPECT_EQ(beyond.tightest, "container");
  EXPECT_EQ(beyond.setting, "the machine's memory");
}

TEST(MemoryLimits, ReserveLeavesMemoryInTinyContainer) {
  EXPECT_EQ(reserve_bytes_of(0), 0u);
  EXPECT_EQ(reserve_bytes_of(64_MiB), 8_MiB);
  EXPECT_EQ(reserve_bytes_of(256_MiB), 32_MiB);
  EXPECT_EQ(reserve_bytes_of(640_MiB), 32_MiB);
  EXPECT_EQ(reserve_bytes_of(10_GiB), 512_MiB);
  std::uint64_t before = 0;
  for (std::uint64_t limit = 0; limit < 2_GiB; limit += 777'777) {
    EXPECT_GE(reserve_bytes_of(limit), before);  // a larger limit never has a smaller reserve
    EXPECT_LE(reserve_bytes_of(limit), limit / 8);
    before = reserve_bytes_of(limit);
  }
}

TEST(MemoryLimits, UnknownMachine) {
  for (const std::string_view meminfo :
       {"", "MemTotal", "MemTotal:", "MemTotal: kB", "MemTotal: x kB", "MemTotal: 5 MB",
        "MemTotal: 99999999999999999 kB", "MemTotal: -5 kB", "\n\n:\n"}) {
    SCOPED_TRACE(meminfo);
    const MemoryLimits limits = memory_limits_of({}, meminfo, std::nullopt);
    EXPECT_EQ(limits.machine_total_bytes, 0u);
    EXPECT_EQ(limits.budget_bytes, 1_GiB);
    EXPECT_GT(limits.grantable_bytes, 0u);
    EXPECT_EQ(memory_limits_of(container(512_MiB), meminfo, std::nullopt).grantable_bytes, 480_MiB);
  }
}

}  // namespace
}  // namespace nexus::system
