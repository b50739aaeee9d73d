#include "nexus/foundation/system/control_groups.h"

#include <gtest/gtest.h>

#include "fake_files.h"

namespace nexus::system {
namespace {

using Folders = std::vector<std::string>;

Folders folders(const std::string& self, const std::string& mounts, std::string_view controller = "memory") {
  Folders folders;
  const Files files{{kSelf, self}, {kMounts, mounts}};
  for (const ControlGroup& group : control_groups(reader_of(files), controller))
    folders.push_back(std::to_string(group.version) + group.folder);
  return folders;
}

constexpr char kTwo[] = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
constexpr char kOne[] =
    "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

TEST(ControlGroups, ListsOwnGroupThenAncestors) {
  EXPECT_EQ(folders("0::/a/b\n", kTwo),
            (Folders{"2/sys/fs/cgroup/a/b", "2/sys/fs/cgroup/a", "2/sys/fs/cgroup"}));
  EXPECT_EQ(folders("0::/\n", kTwo), (Folders{"2/sys/fs/cgroup"}));
}

TEST(ControlGroups, VersionOneHasOneHierarchyPerController) {
  const std::string self = "9:name=systemd:/\n4:memory:/m\n2:cpuacct,cpu:/c\n0::/u\n";
  EXPECT_EQ(folders(self, kOne), (Folders{"2/sys/fs/cgroup/unified/u", "2/sys/fs/cgroup/unified",
                                          "1/sys/fs/cgroup/memory/m", "1/sys/fs/cgroup/memory"}));
  EXPECT_EQ(folders(self, kOne, "cpu"),
            (Folders{"2/sys/fs/cgroup/unified/u", "2/sys/fs/cgroup/unified", "1/sys/fs/cgroup/cpu,cpuacct/c",
                     "1/sys/fs/cgroup/cpu,cpuacct"}));
}

TEST(ControlGroups, PathIsRelativeToPartialMount) {
  const std::string mounts = "35 31 0:32 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n";
  EXPECT_EQ(folders("4:memory:/docker/x\n", mounts), (Folders{"1/sys/fs/cgroup/memory"}));
  EXPECT_EQ(folders("4:memory:/docker/x/job\n", mounts),
            (Folders{"1/sys/fs/cgroup/memory/job", "1/sys/fs/cgroup/memory"}));
  EXPECT_EQ(folders("4:memory:/docker/xyz\n", mounts).back(), "1/sys/fs/cgroup/memory");
}

TEST(ControlGroups, UnusualMountIsFallback) {
  const std::string elsewhere = "50 23 0:26 / /host/cgroup rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(folders("0::/\n", elsewhere), (Folders{"2/host/cgroup"}));
  EXPECT_EQ(folders("0::/\n", elsewhere + kTwo), (Folders{"2/sys/fs/cgroup"}));
  EXPECT_EQ(folders("0::/\n", kTwo + elsewhere), (Folders{"2/sys/fs/cgroup"}));
}

TEST(ControlGroups, ALaterMountCoversAnEarlierOne) {
  const std::string covered = "29 23 0:26 /a /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(folders("0::/a/b\n", covered + kTwo).front(), "2/sys/fs/cgroup/a/b");
  EXPECT_EQ(folders("0::/a/b\n", kTwo + covered).front(), "2/sys/fs/cgroup/b");
}

TEST(ControlGroups, UsesUsualPlacesWithoutMountList) {
  EXPECT_EQ(folders("0::/a\n", ""), (Folders{"2/sys/fs/cgroup/a", "2/sys/fs/cgroup",
                                             "2/sys/fs/cgroup/unified/a", "2/sys/fs/cgroup/unified"}));
  EXPECT_EQ(folders("4:memory,x:/\n", ""), (Folders{"1/sys/fs/cgroup/memory,x", "1/sys/fs/cgroup/memory"}));
}

TEST(ControlGroups, PathOutsideMountIsRoot) {
  EXPECT_EQ(folders("0::/../other\n", kTwo), (Folders{"2/sys/fs/cgroup"}));
  EXPECT_EQ(folders("0::/a/../..\n", kTwo), (Folders{"2/sys/fs/cgroup"}));
}

TEST(ControlGroups, GarbageNeverLeavesTheMount) {
  for (const std::string self : {"", ":", "::", "x", "0::a/b", "\n\n", "1:memory", "0::", "0:://"}) {
    SCOPED_TRACE(self);
    for (const std::string& folder : folders(self, kTwo))
      EXPECT_EQ(folder.find("/sys/fs/cgroup"), 1u) << folder;
  }
  EXPECT_EQ(folders("", kTwo), Folders{});
  for (const std::string mounts :
       {"-", " - cgroup2", "1 2 3 - cgroup2 x", " - ", "a b c d e - cgroup x memory"})
    EXPECT_FALSE(folders("4:memory:/a\n0::/a\n", mounts).empty()) << mounts;
}

}  // namespace
}  // namespace nexus::system
