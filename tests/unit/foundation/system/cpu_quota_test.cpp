#include "nexus/foundation/system/cpu_quota.h"

#include <gtest/gtest.h>

#include <map>

namespace nexus::system {
namespace {

ReadFile files(std::map<std::string, std::string> content) {
  return [content = std::move(content)](const std::string& path) -> std::optional<std::string> {
    const auto found = content.find(path);
    return found == content.end() ? std::nullopt : std::optional(found->second);
  };
}

const std::string kSelf = "/proc/self/cgroup";
const std::string kRoot = "/sys/fs/cgroup";

TEST(CpuQuota, NoneWithoutGroupsOrLimit) {
  EXPECT_EQ(cpu_quota(files({})), std::nullopt);
  EXPECT_EQ(cpu_quota(files({{kSelf, "0::/\n"}})), std::nullopt);
  EXPECT_EQ(cpu_quota(files({{kSelf, "0::/a\n"}, {kRoot + "/a/cpu.max", "max 100000\n"}})), std::nullopt);
  EXPECT_EQ(cpu_quota(files({{kSelf, "3:cpu,cpuacct:/a\n"},
                             {kRoot + "/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n"},
                             {kRoot + "/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n"}})),
            std::nullopt);
}

TEST(CpuQuota, OfVersionTwo) {
  EXPECT_EQ(cpu_quota(files({{kSelf, "0::/a\n"}, {kRoot + "/a/cpu.max", "150000 100000\n"}})), 1.5);
}

TEST(CpuQuota, OfVersionOne) {
  EXPECT_EQ(cpu_quota(files({{kSelf, "7:memory:/a\n4:cpuacct,cpu:/a\n"},
                             {kRoot + "/cpuacct,cpu/a/cpu.cfs_quota_us", "50000\n"},
                             {kRoot + "/cpuacct,cpu/a/cpu.cfs_period_us", "100000\n"}})),
            0.5);
  EXPECT_EQ(cpu_quota(files({{kSelf, "4:cpu:/docker/x\n"},
                             {kRoot + "/cpu/cpu.cfs_quota_us", "300000\n"},
                             {kRoot + "/cpu/cpu.cfs_period_us", "100000\n"}})),
            3.0);
}

TEST(CpuQuota, TightestAncestorCounts) {
  EXPECT_EQ(cpu_quota(files({{kSelf, "0::/a/b/c\n"},
                             {kRoot + "/a/cpu.max", "100000 100000\n"},
                             {kRoot + "/a/b/cpu.max", "400000 100000\n"},
                             {kRoot + "/a/b/c/cpu.max", "max 100000\n"}})),
            1.0);
}

TEST(CpuQuota, ReadsContainersRootWhenPathIsHosts) {
  EXPECT_EQ(cpu_quota(files({{kSelf, "0::/kubepods/pod1/x\n"}, {kRoot + "/cpu.max", "200000 100000\n"}})),
            2.0);
}

TEST(CpuQuota, GarbageIsNoQuota) {
  for (const std::string text : {"", "x", "x y", "100000", "0 100000", "100000 0", "-5 100000", "nan nan"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(cpu_quota(files({{kSelf, "0::/a\n"}, {kRoot + "/a/cpu.max", text}})), std::nullopt);
  }
  for (const std::string text : {"", ":", "::", "a:b", "\n\n", "1:cpu", "1:cpu:a"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(cpu_quota(files({{kSelf, text}})), std::nullopt);
  }
}

TEST(UsableCpus, QuotaIsRoundedDownToAtLeastOne) {
  EXPECT_EQ(usable_cpus(8, std::nullopt), 8U);
  EXPECT_EQ(usable_cpus(0, std::nullopt), 1U);
  EXPECT_EQ(usable_cpus(8, 0.1), 1U);
  EXPECT_EQ(usable_cpus(8, 1.9), 1U);
  EXPECT_EQ(usable_cpus(8, 2.0), 2U);
  EXPECT_EQ(usable_cpus(2, 64.0), 2U);
  EXPECT_EQ(usable_cpus(2, 1e300), 2U);
}

}  // namespace
}  // namespace nexus::system
