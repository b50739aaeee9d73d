// Tests against the real kernel.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/system/memory_limits.h"
#include "real_group.h"

namespace nexus::system {
namespace {

TEST(RealContainer, ThisProcessCanBeRead) {
  const ContainerWatch watch(read_kernel_file);
  const ContainerMemory memory = watch.read();
  if (memory.version == 0) GTEST_SKIP() << "there are no control groups for memory here";
  EXPECT_LE(memory.working_set_bytes, memory.usage_bytes);
  const MemoryLimits limits =
      memory_limits_of(memory, read_kernel_file("/proc/meminfo").value_or(""), std::nullopt);
  EXPECT_GT(limits.machine_total_bytes, 16_MiB);
  EXPECT_GT(limits.grantable_bytes, 0u);
}

TEST(RealContainer, MissingFileIsNone) {
  EXPECT_EQ(read_kernel_file("/proc/self/no-such-file"), std::nullopt);
  EXPECT_EQ(read_kernel_file("/proc/self"), std::nullopt);
  EXPECT_EQ(read_kernel_file("/proc/self/cgroup")->back(), '\n');
}

// A group with a child process that reports its readings on request.
class RealContainerGroup : public RealGroup {
 protected:
  void TearDown() override {
    if (child_ > 0) {
      close(question_);
      close(answer_);
      EXPECT_EQ(waitpid(child_, nullptr, 0), child_);
    }
    RealGroup::TearDown();
  }

  void start_child() {
    int questions[2], answers[2];
    ASSERT_EQ(pipe(questions), 0);
    ASSERT_EQ(pipe(answers), 0);
    child_ = fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      close(questions[1]);
      close(answers[0]);
      be_child(questions[0], answers[1]);
    }
    close(questions[0]);
    close(answers[1]);
    question_ = questions[1];
    answer_ = answers[0];
  }

  // For each question, touches 16 MiB of memory and then reads.
  [[noreturn]] void be_child(int questions, int answers) {
    const bool is_in = write_text(folder() + "/cgroup.procs", "0");
    const ContainerWatch watch(read_kernel_file);
    for (char question; is_in && read(questions, &question, 1) == 1;) {
      void* const memory =
          mmap(nullptr, 16_MiB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
      const ContainerMemory now = watch.read();
      const std::uint64_t told[] = {memory != MAP_FAILED ? now.limit_bytes.value_or(0) : 0,
                                    now.working_set_bytes, now.limit_file.starts_with(folder()) ? 1u : 0u};
      if (write(answers, told, sizeof told) != sizeof told) break;
    }
    _exit(0);
  }

  struct Told {
    std::uint64_t limit, working_set, is_own_file;
  };
  Told ask() {
    Told told{};
    EXPECT_EQ(write(question_, "?", 1), 1);
    EXPECT_EQ(read(answer_, &told, sizeof told), static_cast<ssize_t>(sizeof told));
    return told;
  }

  pid_t child_ = -1;
  int question_ = -1, answer_ = -1;
};

TEST_F(RealContainerGroup, ReportsLimitUseAndChanges) {
  start_child();
  const Told first = ask();
  EXPECT_EQ(first.limit, 64_MiB);
  EXPECT_EQ(first.is_own_file, 1u);
  EXPECT_GE(first.working_set, 15_MiB);  // the kernel counts in batches of pages
  EXPECT_LT(first.working_set, 64_MiB);
  const Told second = ask();
  EXPECT_GE(second.working_set, first.working_set + 15_MiB);
  ASSERT_TRUE(write_text(folder() + "/memory.limit_in_bytes", "134217728"));
  EXPECT_EQ(ask().limit, 128_MiB);
}

}  // namespace
}  // namespace nexus::system
