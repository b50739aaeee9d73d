#include "nexus/foundation/system/pressure_watch.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>

#include "nexus/foundation/base/units.h"
#include "real_group.h"
#include "support/temporary_folder.h"

namespace nexus::system {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using testing::TemporaryFolder;

bool is_readable(const PressureWatch& watch, int timeout_ms) {
  pollfd wanted{.fd = watch.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, timeout_ms) == 1 && (wanted.revents & POLLIN) != 0;
}
// Returns as soon as it is readable; only a failure takes the whole time.
bool becomes_readable(const PressureWatch& watch) { return is_readable(watch, 30'000); }

// A hierarchy of plain files: the kernel signals writes to them like writes to its own.
class FakeHierarchy : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::create_directories(own_);
    for (const std::string& folder : {own_, pod_}) {
      write_text(folder + "/memory.max", "max\n");
      write_text(folder + "/memory.events", "oom 0\n");
    }
  }

  TemporaryFolder folder_;
  std::string pod_ = folder_ / "pod", own_ = folder_ / "pod/box";
  std::vector<ControlGroup> groups_{{2, own_}, {2, pod_}};
};

TEST_F(FakeHierarchy, WrittenLimitIsSignalledOnce) {
  PressureWatch watch(groups_);
  EXPECT_FALSE(is_readable(watch, 0));
  for (const std::string& file : {own_ + "/memory.max", pod_ + "/memory.max", own_ + "/memory.events"}) {
    write_text(file, "268435456\n");
    EXPECT_TRUE(becomes_readable(watch)) << file;
    watch.take();
    EXPECT_FALSE(is_readable(watch, 0)) << file;
  }
}

TEST_F(FakeHierarchy, ReadingDoesNotSignal) {
  const PressureWatch watch(groups_);
  EXPECT_TRUE(read_kernel_file(own_ + "/memory.max"));
  EXPECT_FALSE(is_readable(watch, 0));
}

TEST_F(FakeHierarchy, TakeConsumesAllChanges) {
  PressureWatch watch(groups_);
  for (int i = 0; i < 1000; ++i)
    write_text(i % 2 == 0 ? own_ + "/memory.max" : pod_ + "/memory.max", "1\n");
  EXPECT_TRUE(becomes_readable(watch));
  watch.take();
  EXPECT_FALSE(is_readable(watch, 0));
}

TEST_F(FakeHierarchy, DeletedGroupIsSignalledOnce) {
  PressureWatch watch(groups_);
  std::filesystem::remove_all(own_);
  watch.take();
  EXPECT_FALSE(is_readable(watch, 0));
  write_text(pod_ + "/memory.max", "1\n");
  EXPECT_TRUE(becomes_readable(watch));
}

TEST_F(FakeHierarchy, MissingFilesAreSkipped) {
  write_text(own_ + "/memory.pressure", "");  // a file that accepts no trigger
  const PressureWatch watch(groups_);
  EXPECT_THAT(watch.files(), ElementsAre(own_ + "/memory.max", own_ + "/memory.events", pod_ + "/memory.max",
                                         pod_ + "/memory.events"));
}

TEST(PressureWatch, WithoutGroupsNothingIsWatched) {
  PressureWatch none({});
  EXPECT_EQ(none.descriptor(), -1);
  none.take();
  const std::vector<ControlGroup> gone{{1, "/nowhere"}, {2, "/nowhere"}};
  PressureWatch nothing(gone);
  EXPECT_EQ(nothing.descriptor(), -1);
  EXPECT_THAT(nothing.files(), ElementsAre());
  nothing.take();
}

// Only some kernels allow PSI triggers; the rest of the watch must work on all.
TEST(PressureWatch, OwnGroupsAreQuietAfterTake) {
  const std::vector<ControlGroup> groups = control_groups(read_kernel_file, "memory");
  PressureWatch watch(groups);
  if (watch.descriptor() < 0) GTEST_SKIP() << "there are no control groups for memory here";
  watch.take();
  EXPECT_FALSE(watch.files().empty());
}

class RealWatch : public RealGroup {};

TEST_F(RealWatch, WrittenLimitIsSignalled) {
  const std::vector<ControlGroup> groups{{1, folder()}};
  PressureWatch watch(groups);
  EXPECT_THAT(watch.files(), Contains(folder() + "/memory.limit_in_bytes"));
  EXPECT_FALSE(is_readable(watch, 0));
  ASSERT_TRUE(write_text(folder() + "/memory.limit_in_bytes", "33554432"));
  EXPECT_TRUE(becomes_readable(watch));
  watch.take();
  EXPECT_FALSE(is_readable(watch, 0));
}

TEST_F(RealWatch, OutOfMemoryIsSignalled) {
  const std::vector<ControlGroup> groups{{1, folder()}};
  PressureWatch watch(groups);
  if (std::ranges::find(watch.files(), folder() + "/memory.oom_control") == watch.files().end())
    GTEST_SKIP() << "the kernel does not tell of it here";
  ASSERT_TRUE(write_text(folder() + "/memory.limit_in_bytes", "8388608"));
  watch.take();
  EXPECT_FALSE(is_readable(watch, 0));
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (!write_text(folder() + "/cgroup.procs", "0")) _exit(1);
    mmap(nullptr, 64_MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    _exit(2);
  }
  EXPECT_TRUE(becomes_readable(watch));
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << status;
}

}  // namespace
}  // namespace nexus::system
