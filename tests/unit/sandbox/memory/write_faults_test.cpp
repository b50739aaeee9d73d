#include "nexus/sandbox/memory/write_faults.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <thread>

#include "memories.h"
#include "support/steps.h"

namespace nexus::memory {
namespace {

class WriteFaultsTest : public Memories {
 protected:
  static void SetUpTestSuite() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

  static void store(std::byte* address) {
    auto* volatile at = reinterpret_cast<volatile std::byte*>(address);
    *at = std::byte{1};
  }
};

// A sanitizer has its own handler in the chain, which reports and exits.
void expect_default_action(const std::function<void()>& fault) {
  if (testing::kUnderSanitizer) {
    EXPECT_DEATH(fault(), "SEGV");
  } else {
    EXPECT_EXIT(fault(), ::testing::KilledBySignal(SIGSEGV), "");
  }
}

TEST_F(WriteFaultsTest, FourThreadsHaveTheirOwnMemories) {
  const auto shared = image(16);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937_64 random(seed);
      for (std::uint64_t life = 0; life < testing::steps(50); ++life) {
        const auto m = *LinearMemory::create(*arena_, ledger_, Tracking::kLearnHotPages);
        if (!m->take(shared)) ++wrong;
        for (int call = 0; call < 20; ++call) {
          for (int n = 0; n < 20; ++n)
            write(*m, random() % shared->pages());
          m->reset();
          if (!m->is_pristine()) ++wrong;
        }
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(ledger_.granted(budget::Kind::kInstances), 0U);
}

TEST_F(WriteFaultsTest, MemoryMayMoveToAnotherThread) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(4)));
  for (std::size_t page = 0; page < 64; page += 5)
    std::thread([&] { write(*m, page); }).join();
  EXPECT_EQ(m->faults(), 13U);
  m->reset();
  EXPECT_TRUE(m->is_pristine());
}

TEST_F(WriteFaultsTest, KeepsErrno) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(4)));
  errno = 4711;
  write(*m, 9);
  EXPECT_EQ(errno, 4711);
  EXPECT_EQ(m->faults(), 1U);
}

TEST_F(WriteFaultsTest, RunningNests) {
  const auto outer = memory(), inner = memory();
  ASSERT_TRUE(outer->take(image(1)) && inner->take(image(1)));
  {
    const Running running(*outer);
    write(*inner, 3);
    EXPECT_EQ(Running::current(), outer.get());
    store(outer->base());
  }
  EXPECT_EQ(Running::current(), nullptr);
  EXPECT_EQ(outer->faults(), 1U);
  EXPECT_EQ(inner->faults(), 1U);
}

// The kernel takes no fault for a write to guest memory in a system call: the call fails.
TEST_F(WriteFaultsTest, SystemCallIntoColdPageFailsWithoutUnprotecting) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(1)));
  const Running running(*m);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  // By number, because a sanitizer's read() accesses the buffer itself.
  EXPECT_EQ(syscall(SYS_read, ends[0], m->base(), 1), -1);
  EXPECT_EQ(errno, EFAULT);
  EXPECT_EQ(m->faults(), 0U);
  close(ends[0]);
  close(ends[1]);
}

// ---- faults that must end the process ----

TEST_F(WriteFaultsTest, StrayWriteToForeignColdPageAborts) {
  const auto mine = memory(), other = memory();
  ASSERT_TRUE(mine->take(image(2)) && other->take(image(2)));
  EXPECT_DEATH(
      {
        const Running running(*mine);
        store(other->base() + 5 * kPageBytes);
      },
      "nexus: stray write to 0x[0-9a-f]{16} in the linear memory at 0x[0-9a-f]{16}, which this thread is not "
      "running");
}

TEST_F(WriteFaultsTest, WriteWithoutRunningMemoryAborts) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(2)));
  EXPECT_DEATH(store(m->base()), "stray write");
}

TEST_F(WriteFaultsTest, NullPointerReachesDefaultAction) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(2)));
  expect_default_action([&] {
    const Running running(*m);
    store(reinterpret_cast<std::byte*>(16));
  });
}

TEST_F(WriteFaultsTest, WriteBeyondMemoryReachesPreviousHandler) {
  const auto m = memory();
  ASSERT_TRUE(m->take(image(2)));
  expect_default_action([&] {
    const Running running(*m);
    store(m->base() + m->size());
  });
  expect_default_action([&] { store(arena_->slot_base(7)); });
}

// ---- the chain ----

volatile sig_atomic_t earlier_calls = 0;
std::byte* page_of_earlier = nullptr;

void earlier_handler(int, siginfo_t* info, void*) {
  earlier_calls = earlier_calls + 1;
  if (info->si_addr == page_of_earlier) mprotect(page_of_earlier, kPageBytes, PROT_READ | PROT_WRITE);
}

TEST_F(WriteFaultsTest, OtherFaultsGoToPreviousHandler) {
  faults_.reset();
  struct sigaction action{}, before{};
  action.sa_sigaction = earlier_handler;
  action.sa_flags = SA_SIGINFO;
  ASSERT_EQ(sigaction(SIGSEGV, &action, &before), 0);
  page_of_earlier =
      static_cast<std::byte*>(mmap(nullptr, kPageBytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(page_of_earlier, MAP_FAILED);
  earlier_calls = 0;
  {
    const auto ours = *WriteFaults::install(*arena_);
    const auto m = memory();
    ASSERT_TRUE(m->take(image(1)));
    write(*m, 2);
    EXPECT_EQ(earlier_calls, 0);
    store(page_of_earlier);
    EXPECT_EQ(earlier_calls, 1);
  }
  struct sigaction now{};
  ASSERT_EQ(sigaction(SIGSEGV, &before, &now), 0);
  EXPECT_EQ(now.sa_sigaction, earlier_handler) << "put back when ours goes";
  munmap(page_of_earlier, kPageBytes);
}

}  // namespace
}  // namespace nexus::memory
