#include "nexus/foundation/budget/memory_monitor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>

#include "nexus/foundation/base/units.h"

namespace nexus::budget {
namespace {

// A container of version 2 with figures that the test sets.
class MemoryMonitorTest : public ::testing::Test {
 protected:
  MemoryMonitorTest() {
    files_["/proc/self/cgroup"] = "0::/\n";
    files_["/proc/self/mountinfo"] = "1 0 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    files_["/proc/meminfo"] = "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n";
    set(256_MiB, 40_MiB, 30_MiB);
  }

  void set(std::uint64_t limit, std::uint64_t usage, std::uint64_t resident) {
    files_["/sys/fs/cgroup/memory.max"] = std::to_string(limit) + "\n";
    files_["/sys/fs/cgroup/memory.current"] = std::to_string(usage) + "\n";
    files_["/sys/fs/cgroup/memory.stat"] = "inactive_file 0\n";
    files_["/proc/self/statm"] =
        "100000 " + std::to_string(resident / static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE))) +
        " 1 1 0 1 0\n";
  }

  MemoryMonitor monitor(std::optional<std::uint64_t> budget = {}) {
    return {ledger_,
            [this](const std::string& path) -> std::optional<std::string> {
              const auto found = files_.find(path);
              return found == files_.end() ? std::nullopt : std::optional(found->second);
            },
            {budget, 0}};
  }

  std::map<std::string, std::string> files_;
  BoundedLedger ledger_;
};

TEST_F(MemoryMonitorTest, AtRestMeasuredBytesAreChargedToServer) {
  const MemoryMonitor monitor = this->monitor();
  EXPECT_EQ(ledger_.granted(Kind::kServer), 40_MiB);
  EXPECT_EQ(monitor.view().unaccounted_bytes, 0u);
  EXPECT_EQ(ledger_.free_for(Kind::kInstances), 256_MiB - 32_MiB - 40_MiB);
}

TEST_F(MemoryMonitorTest, GrantedBytesAreNotCountedTwice) {
  MemoryMonitor monitor = this->monitor();
  const Grant images = *ledger_.grant(Kind::kImages, 10_MiB);
  monitor.look(true);
  EXPECT_EQ(ledger_.granted(Kind::kServer), 30_MiB);
  EXPECT_EQ(ledger_.state().accounts.granted(), 40_MiB);
}

TEST_F(MemoryMonitorTest, UnaccountedBytesReduceTotalWhileHandlersRun) {
  MemoryMonitor monitor = this->monitor();
  set(256_MiB, 90_MiB, 60_MiB);
  monitor.look(false);
  EXPECT_EQ(ledger_.granted(Kind::kServer), 40_MiB);
  EXPECT_EQ(monitor.view().unaccounted_bytes, 50_MiB);
  EXPECT_EQ(ledger_.free_for(Kind::kInstances), 256_MiB - 32_MiB - 90_MiB);
  monitor.look(true);
  EXPECT_EQ(monitor.view().unaccounted_bytes, 0u);
  EXPECT_EQ(ledger_.granted(Kind::kServer), 90_MiB);
}

TEST_F(MemoryMonitorTest, ChangedLimitAppliesAtNextMeasurement) {
  MemoryMonitor monitor = this->monitor();
  const Grant held = *ledger_.grant(Kind::kInstances, 100_MiB);
  set(128_MiB, 140_MiB, 130_MiB);
  monitor.look(false);
  const auto refused = ledger_.grant(Kind::kInstances, 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().limit->layer, "container");
  EXPECT_EQ(refused.error().limit->limit, 128_MiB);
  set(1_GiB, 140_MiB, 130_MiB);
  monitor.look(false);
  EXPECT_TRUE(ledger_.grant(Kind::kInstances, 500_MiB));
}

TEST_F(MemoryMonitorTest, BudgetBelowContainerIsTheLimit) {
  const MemoryMonitor monitor = this->monitor(100_MiB);
  const auto refused = ledger_.grant(Kind::kInstances, 100_MiB);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().limit->layer, "budget");
  EXPECT_EQ(refused.error().limit->setting, "MEMORY_BUDGET_MB");
  EXPECT_EQ(refused.error().limit->limit, 100_MiB);
}

TEST_F(MemoryMonitorTest, BuffersLeaveMemoryForAHandler) {
  const MemoryMonitor monitor(
      ledger_, [this](const std::string& path) { return std::optional(files_[path]); }, {{}, 32_MiB});
  const std::uint64_t grantable = 256_MiB - 32_MiB;
  EXPECT_EQ(ledger_.free_for(Kind::kBuffers), grantable / 2);
  EXPECT_EQ(ledger_.free_for(Kind::kImages), grantable - 40_MiB - 32_MiB);
  EXPECT_EQ(ledger_.free_for(Kind::kInstances), grantable - 40_MiB);
}

TEST_F(MemoryMonitorTest, WithoutLimitResidentBytesCount) {
  files_["/proc/self/cgroup"] = "";
  const MemoryMonitor monitor = this->monitor();
  EXPECT_EQ(ledger_.granted(Kind::kServer), 30_MiB);
  EXPECT_EQ(monitor.view().limits.tightest, "budget");
}

}  // namespace
}  // namespace nexus::budget
