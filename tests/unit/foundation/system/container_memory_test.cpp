#include "nexus/foundation/system/container_memory.h"

#include <gtest/gtest.h>

#include <random>

#include "fake_files.h"
#include "nexus/foundation/base/units.h"
#include "support/steps.h"

namespace nexus::system {
namespace {

constexpr char kUnlimited1[] = "9223372036854771712\n";
const std::string kV2 = "/sys/fs/cgroup", kV1 = "/sys/fs/cgroup/memory";

std::string text(std::uint64_t number) { return std::to_string(number) + '\n'; }

void add_v2(Files& files, const std::string& folder, const std::string& max, std::uint64_t usage,
            std::uint64_t inactive_file) {
  files[folder + "/memory.max"] = max;
  files[folder + "/memory.high"] = "max\n";
  files[folder + "/memory.current"] = text(usage);
  files[folder + "/memory.stat"] = "anon 1\nfile 2\ninactive_file " + text(inactive_file) + "slab 7\n";
}

void add_v1(Files& files, const std::string& folder, const std::string& limit, std::uint64_t usage,
            std::uint64_t inactive_file, const std::string& inherited = kUnlimited1) {
  files[folder + "/memory.limit_in_bytes"] = limit;
  files[folder + "/memory.usage_in_bytes"] = text(usage);
  files[folder + "/memory.stat"] = "cache 1\ninactive_file 3\nhierarchical_memory_limit " + inherited +
                                   "total_cache 1\ntotal_inactive_file " + text(inactive_file);
}

ContainerMemory read(const Files& files) { return read_container_memory(reader_of(files)); }

TEST(ContainerMemory, WithoutGroupsAllIsAbsent) {
  EXPECT_EQ(read({}), ContainerMemory{});
  EXPECT_EQ(read({{kSelf, "0::/\n"}}), ContainerMemory{});
}

TEST(ContainerMemory, OfVersionTwo) {
  Files files{{kSelf, "0::/\n"}};
  add_v2(files, kV2, text(512_MiB), 300_MiB, 100_MiB);
  files[kV2 + "/memory.swap.max"] = "0\n";
  const ContainerMemory memory = read(files);
  EXPECT_EQ(memory.limit_bytes, 512_MiB);
  EXPECT_EQ(memory.limit_file, "/sys/fs/cgroup/memory.max");
  EXPECT_EQ(memory.usage_bytes, 300_MiB);
  EXPECT_EQ(memory.working_set_bytes, 200_MiB);
  EXPECT_EQ(memory.neighbours_bytes, 0u);
  EXPECT_EQ(memory.swap_limit_bytes, 0u);
  EXPECT_EQ(memory.version, 2);
}

TEST(ContainerMemory, OfVersionOne) {
  Files files{{kSelf, "4:memory:/\n"}};
  add_v1(files, kV1, text(512_MiB), 300_MiB, 100_MiB, text(512_MiB));
  const ContainerMemory memory = read(files);
  EXPECT_EQ(memory.limit_bytes, 512_MiB);
  EXPECT_EQ(memory.limit_file, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
  EXPECT_EQ(memory.working_set_bytes, 200_MiB);
  EXPECT_EQ(memory.version, 1);
}

TEST(ContainerMemory, UnlimitedIsNoLimit) {
  Files two{{kSelf, "0::/\n"}}, one{{kSelf, "4:memory:/\n"}};
  add_v2(two, kV2, "max\n", 3_MiB, 1_MiB);
  EXPECT_EQ(read(two).limit_bytes, std::nullopt);
  EXPECT_EQ(read(two).limit_file, "");
  EXPECT_EQ(read(two).working_set_bytes, 2_MiB);
  for (const std::string unlimited : {kUnlimited1, "9223372036854710272\n"}) {  // for pages of 4 and 64 KiB
    add_v1(one, kV1, unlimited, 3_MiB, 1_MiB);
    EXPECT_EQ(read(one).limit_bytes, std::nullopt);
    EXPECT_EQ(read(one).working_set_bytes, 2_MiB);
  }
}

TEST(ContainerMemory, MemoryHighCountsAsLimit) {
  Files files{{kSelf, "0::/\n"}};
  add_v2(files, kV2, text(512_MiB), 100_MiB, 0);
  files[kV2 + "/memory.high"] = text(400_MiB);
  EXPECT_EQ(read(files).limit_bytes, 400_MiB);
  EXPECT_EQ(read(files).limit_file, "/sys/fs/cgroup/memory.high");
  files[kV2 + "/memory.high"] = text(600_MiB);
  EXPECT_EQ(read(files).limit_file, "/sys/fs/cgroup/memory.max");
  files[kV2 + "/memory.max"] = "max\n";
  EXPECT_EQ(read(files).limit_bytes, 600_MiB);
}

TEST(ContainerMemory, WorkingSetIsNeverNegative) {
  Files files{{kSelf, "0::/\n"}};
  add_v2(files, kV2, text(512_MiB), 1_MiB, 2_MiB);
  EXPECT_EQ(read(files).working_set_bytes, 0u);
}

TEST(ContainerMemory, LowestAncestorLimitCounts) {
  Files files{{kSelf, "0::/pod/box\n"}};
  add_v2(files, kV2 + "/pod/box", text(512_MiB), 100_MiB, 0);
  add_v2(files, kV2 + "/pod", text(256_MiB), 100_MiB, 0);
  EXPECT_EQ(read(files).limit_bytes, 256_MiB);
  EXPECT_EQ(read(files).limit_file, "/sys/fs/cgroup/pod/memory.max");
  EXPECT_EQ(read(files).neighbours_bytes, 0u);
  files[kV2 + "/pod/box/memory.max"] = text(128_MiB);
  EXPECT_EQ(read(files).limit_bytes, 128_MiB);
}

TEST(ContainerMemory, AncestorFilledByNeighboursIsTighter) {
  Files files{{kSelf, "0::/pod/box\n"}};
  add_v2(files, kV2 + "/pod/box", text(512_MiB), 320_MiB, 20_MiB);
  add_v2(files, kV2 + "/pod", text(1_GiB), 950_MiB, 50_MiB);
  const ContainerMemory memory = read(files);
  EXPECT_EQ(memory.limit_bytes, 1_GiB);
  EXPECT_EQ(memory.neighbours_bytes, 600_MiB);
  EXPECT_EQ(memory.usage_bytes, 320_MiB);
  EXPECT_EQ(memory.working_set_bytes, 300_MiB);
  files[kV2 + "/pod/memory.current"] = text(400_MiB);
  EXPECT_EQ(read(files).limit_bytes, 512_MiB);
}

TEST(ContainerMemory, GroupWithoutControllerUsesAncestor) {
  Files files{{kSelf, "0::/pod/box\n"}};
  add_v2(files, kV2 + "/pod", text(1_GiB), 200_MiB, 0);
  EXPECT_EQ(read(files).limit_bytes, 1_GiB);
  EXPECT_EQ(read(files).usage_bytes, 200_MiB);
  EXPECT_EQ(read(files).neighbours_bytes, 0u);
}

TEST(ContainerMemory, ReadsContainersRootWhenPathIsHosts) {
  for (const std::string mounts : {"", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
                                   "30 23 0:26 /kubepods/p/x /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n"}) {
    Files files{{kSelf, "0::/kubepods/p/x\n"}, {kMounts, mounts}};
    add_v2(files, kV2, text(512_MiB), 300_MiB, 0);
    EXPECT_EQ(read(files).limit_bytes, 512_MiB) << mounts;
    EXPECT_EQ(read(files).usage_bytes, 300_MiB) << mounts;
  }
}

TEST(ContainerMemory, WithBothVersionsTheOneWithControllerCounts) {
  Files files{{kSelf, "4:memory:/m\n0::/u\n"}, {kV2 + "/unified/u/cgroup.procs", "1\n"}};
  add_v1(files, kV1 + "/m", text(512_MiB), 300_MiB, 0);
  EXPECT_EQ(read(files).limit_bytes, 512_MiB);
  EXPECT_EQ(read(files).version, 1);

  Files other{{kSelf, "3:cpu:/c\n0::/u\n"}};
  add_v2(other, kV2 + "/unified/u", text(256_MiB), 1_MiB, 0);
  EXPECT_EQ(read(other).limit_bytes, 256_MiB);
  EXPECT_EQ(read(other).version, 2);
}

TEST(ContainerMemory, VersionOneReportsInvisibleAncestors) {
  Files files{{kSelf, "4:memory:/\n"}};
  add_v1(files, kV1, kUnlimited1, 300_MiB, 0, text(400_MiB));
  EXPECT_EQ(read(files).limit_bytes, 400_MiB);
  EXPECT_EQ(read(files).limit_file, "/sys/fs/cgroup/memory/memory.stat");
  files[kV1 + "/memory.limit_in_bytes"] = text(350_MiB);
  EXPECT_EQ(read(files).limit_bytes, 350_MiB);
}

TEST(ContainerMemory, VersionOneMemoryAndSwapLimitMayBeTighter) {
  Files files{{kSelf, "4:memory:/\n"}};
  add_v1(files, kV1, text(512_MiB), 300_MiB, 0);
  files[kV1 + "/memory.memsw.limit_in_bytes"] = text(600_MiB);
  files[kV1 + "/memory.memsw.usage_in_bytes"] = text(350_MiB);
  EXPECT_EQ(read(files).limit_bytes, 512_MiB);
  EXPECT_EQ(read(files).swap_limit_bytes, 88_MiB);
  files[kV1 + "/memory.memsw.usage_in_bytes"] = text(590_MiB);
  const ContainerMemory memory = read(files);
  EXPECT_EQ(memory.limit_bytes, 600_MiB);
  EXPECT_EQ(memory.neighbours_bytes, 290_MiB);
  EXPECT_EQ(memory.working_set_bytes, 300_MiB);
}

TEST(ContainerMemory, WatchSeesChanges) {
  Files files{{kSelf, "0::/\n"}};
  add_v2(files, kV2, "max\n", 100_MiB, 0);
  const ContainerWatch watch(reader_of(files));
  EXPECT_EQ(watch.read().limit_bytes, std::nullopt);
  files[kV2 + "/memory.max"] = text(256_MiB);
  EXPECT_EQ(watch.read().limit_bytes, 256_MiB);
  files[kV2 + "/memory.current"] = text(200_MiB);
  EXPECT_EQ(watch.read().working_set_bytes, 200_MiB);
  files.clear();
  EXPECT_EQ(watch.read(), ContainerMemory{});
}

TEST(ContainerMemory, WatchReadsUsageOnlyOfLimitedGroups) {
  Files files{{kSelf, "0::/a/b/c\n"}, {kMounts, "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"}};
  for (const std::string folder : {"/a/b/c", "/a/b", "/a"})
    add_v2(files, kV2 + folder, folder == "/a" ? text(1_GiB) : "max\n", 100_MiB, 0);
  int stats = 0;
  const ContainerWatch watch([&](const std::string& path) {
    stats += path.ends_with("memory.stat") ? 1 : 0;
    return reader_of(files)(path);
  });
  EXPECT_EQ(watch.read().limit_bytes, 1_GiB);
  EXPECT_EQ(stats, 2);
}

TEST(ContainerMemory, GarbageCountsAsAbsent) {
  for (const std::string garbage :
       {"", "\n", "x", "-1", "12x", "1 2", "18446744073709551616", "0x10", "1e9", " 5", "\0"}) {
    SCOPED_TRACE(garbage);
    Files files{{kSelf, "0::/\n"}};
    add_v2(files, kV2, garbage, 300_MiB, 100_MiB);
    EXPECT_EQ(read(files).limit_bytes, std::nullopt);
    EXPECT_EQ(read(files).working_set_bytes, 200_MiB);
    add_v2(files, kV2, text(512_MiB), 300_MiB, 100_MiB);
    files[kV2 + "/memory.stat"] = "inactive_file " + garbage;
    EXPECT_EQ(read(files).working_set_bytes, 300_MiB);
    files[kV2 + "/memory.current"] = garbage;
    EXPECT_EQ(read(files).limit_bytes, 512_MiB);
    EXPECT_EQ(read(files).usage_bytes, 0u);
  }
}

TEST(ContainerMemory, FuzzSurvivesAnyFile) {
  Files good{{kSelf, "4:memory:/a\n0::/a/b\n"},
             {kMounts,
              "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
              "35 31 0:32 /a /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"}};
  add_v2(good, kV2 + "/a/b", text(512_MiB), 300_MiB, 100_MiB);
  add_v2(good, kV2 + "/a", text(256_MiB), 200_MiB, 100_MiB);
  add_v1(good, kV1, text(512_MiB), 300_MiB, 100_MiB);
  good[kV1 + "/memory.memsw.limit_in_bytes"] = text(600_MiB);
  good[kV1 + "/memory.memsw.usage_in_bytes"] = text(400_MiB);
  const std::string likely = "0123456789:/-,. \nmax cgroup2memory";
  std::mt19937_64 random(1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (std::size_t step = 0; step < testing::steps(20'000); ++step) {
    Files files = good;
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      auto file = std::next(files.begin(), static_cast<std::ptrdiff_t>(below(files.size())));
      std::string& content = file->second;
      if (below(3) == 0) content.resize(below(60));
      for (std::size_t writes = 1 + below(4); writes > 0 && !content.empty(); --writes)
        content[below(content.size())] =
            below(2) == 0 ? static_cast<char>(below(256)) : likely[below(likely.size())];
    }
    const ContainerMemory memory = read(files);
    EXPECT_EQ(memory.limit_bytes.has_value(), !memory.limit_file.empty());
    EXPECT_LE(memory.working_set_bytes, memory.usage_bytes);
    EXPECT_TRUE(memory.limit_bytes || memory.neighbours_bytes == 0);
  }
}

}  // namespace
}  // namespace nexus::system
