#include "nexus/foundation/base/memory_reserve.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <set>
#include <thread>
#include <vector>

namespace nexus {
namespace {

TEST(MemoryReserve, GivesEachBlockOnceUntilEmpty) {
  for (const std::size_t bytes : {std::size_t{64}, kLargestReserved}) {
    std::set<void*> blocks;
    while (void* block = Reserve::take(bytes)) {
      std::memset(block, 0xab, bytes);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 64, 0u);
      EXPECT_TRUE(Reserve::has(block));
      EXPECT_TRUE(blocks.insert(block).second);
    }
    EXPECT_GE(blocks.size(), 64u);
    EXPECT_EQ(Reserve::free_blocks_of(bytes), 0u);
    for (void* block : blocks)
      EXPECT_TRUE(Reserve::give_back(block));
    EXPECT_GE(Reserve::free_blocks_of(bytes), 64u);
  }
}

TEST(MemoryReserve, RefusesLargeBlocks) {
  EXPECT_EQ(Reserve::take(kLargestReserved + 1), nullptr);
  int other = 0;
  EXPECT_FALSE(Reserve::has(&other));
  EXPECT_FALSE(Reserve::give_back(&other));
  EXPECT_FALSE(Reserve::give_back(nullptr));
}

TEST(MemoryReserve, IsSharedByThreads) {
  const std::size_t before = Reserve::free_blocks_of(1);
  auto use = [] {
    for (int round = 0; round < 2000; ++round) {
      std::vector<unsigned char*> mine;
      for (int i = 0; i < 40; ++i)
        if (auto* block = static_cast<unsigned char*>(Reserve::take(100))) mine.push_back(block);
      const auto mark = static_cast<unsigned char>(round);
      for (auto* block : mine)
        std::memset(block, mark, 100);
      for (auto* block : mine) {
        EXPECT_EQ(block[99], mark);
        EXPECT_TRUE(Reserve::give_back(block));
      }
    }
  };
  std::thread other(use);
  use();
  other.join();
  EXPECT_EQ(Reserve::free_blocks_of(1), before);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

// Runs in a process without further address space, and ends it: in good order, or with the number of the failed check.
[[noreturn]] void use_up_all_memory() {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_AS, &none);
  for (std::size_t bytes = 1 << 20; bytes >= 16; bytes /= 2) {
    while (void* block = std::malloc(bytes))
      std::memset(block, 1, 1);
  }
  if (is_memory_short()) std::_Exit(5);
  std::size_t taken = 0;
  for (; !is_memory_short(); ++taken)
    std::memset(::operator new(100), 1, 100);
  if (taken < 128) std::_Exit(2);
  ::operator delete(::operator new(kLargestReserved));
  if (has_memory(kLargestReserved)) std::_Exit(3);
  end_on_bad_alloc();
  []() noexcept { ::operator delete(::operator new(kLargestReserved + 1)); }();
  std::_Exit(4);
}

TEST(MemoryReserve, ServesSmallBlocksAndALargeOneEndsTheProcess) {
  EXPECT_EXIT(use_up_all_memory(), testing::ExitedWithCode(1),
              "^nexus: no memory is left .*`ulimit -v`.*\n$");
}

TEST(MemoryReserve, OtherExceptionsAbortAsUsual) {
  const auto throw_other = [] {
    const rlimit none{.rlim_cur = 0, .rlim_max = 0};
    setrlimit(RLIMIT_CORE, &none);
    end_on_bad_alloc();
    []() noexcept { return std::vector<int>().at(1); }();
  };
  EXPECT_EXIT(throw_other(), testing::KilledBySignal(SIGABRT), "");
}

#endif

}  // namespace
}  // namespace nexus
