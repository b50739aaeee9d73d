#include "nexus/sandbox/engine/fiber_stacks.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstring>

#include "nexus/foundation/base/units.h"
#include "support/steps.h"

namespace nexus::engine {
namespace {

constexpr std::size_t kStackBytes = 1_MiB;

class FiberStacksTest : public ::testing::Test {
 protected:
  // Simulates a call of this depth: writes everything from the top downwards.
  void use(std::size_t index, std::size_t bytes) const {
    std::memset(stacks_->stack(index).top() - bytes, 0x5a, bytes);
  }
  std::unique_ptr<FiberStacks> stacks_ = *FiberStacks::create(3, kStackBytes);
};

TEST_F(FiberStacksTest, AllStacksAreDistinctAndUsable) {
  const auto a = *stacks_->take(), b = *stacks_->take(), c = *stacks_->take();
  const auto refused = stacks_->take();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(refused.error().limit->setting, "MAX_INSTANCES");
  EXPECT_GE(stacks_->stack(b).bottom - stacks_->stack(a).top(), 64 * 1024) << "a guard lies between";
  for (const std::size_t index : {a, b, c})
    use(index, kStackBytes);
  stacks_->give_back(b);
  EXPECT_EQ(stacks_->take(), b);
  for (std::size_t i = 0; i < kStackBytes; i += 256)
    ASSERT_EQ(stacks_->stack(b).bottom[i], std::byte{0});
}

// The kernel refuses as if the process had used up its mappings.
class NoMoreWritableMemory {
 public:
  NoMoreWritableMemory() {
    getrlimit(RLIMIT_DATA, &before_);
    const rlimit none{.rlim_cur = kPageBytes, .rlim_max = before_.rlim_max};
    setrlimit(RLIMIT_DATA, &none);
  }
  ~NoMoreWritableMemory() { setrlimit(RLIMIT_DATA, &before_); }

 private:
  rlimit before_{};
};

TEST_F(FiberStacksTest, KernelRefusalIsAnErrorAndCanBeRetried) {
  if (testing::kUnderSanitizer) GTEST_SKIP() << "the sanitizer itself needs memory";
  const auto first = *stacks_->take();
  for (int i = 0; i < 10; ++i) {  // more often than there are stacks, so that a lost one would be noticed
    const auto refused = [this] {
      const NoMoreWritableMemory none;
      return stacks_->take();
    }();
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
    EXPECT_EQ(refused.error().limit->layer, "container");
    EXPECT_EQ(refused.error().limit->setting, "vm.max_map_count");
    EXPECT_TRUE(refused.error().retry_after_ms.has_value());
  }
  const auto second = *stacks_->take(), third = *stacks_->take();
  for (const std::size_t index : {first, second, third})
    use(index, kStackBytes);
}

TEST_F(FiberStacksTest, TrimReleasesOnlyTheDeepPart) {
  const auto index = *stacks_->take();
  use(index, 600 * 1024);
  const auto stack = stacks_->stack(index);
  EXPECT_EQ(stacks_->trim(stack.top() - 100), 600 * 1024 - kKeptStackBytes);
  EXPECT_EQ(stack.top()[-1], std::byte{0x5a});
  EXPECT_EQ(*(stack.top() - kKeptStackBytes), std::byte{0x5a});
  for (const std::byte* at = stack.bottom; at < stack.top() - kKeptStackBytes; at += 64)
    ASSERT_EQ(*at, std::byte{0});
  EXPECT_EQ(stacks_->trim(stack.bottom), 0U) << "nothing was used since";
}

TEST_F(FiberStacksTest, TrimLeavesAShallowStackAlone) {
  const auto index = *stacks_->take();
  use(index, kKeptStackBytes);
  EXPECT_EQ(stacks_->trim(stacks_->stack(index).bottom + 5), 0U);
  EXPECT_EQ(*(stacks_->stack(index).top() - kKeptStackBytes), std::byte{0x5a});
}

TEST_F(FiberStacksTest, TrimFindsDeepCallByAnyFrame) {
  const auto index = *stacks_->take();
  const auto stack = stacks_->stack(index);
  for (const std::size_t depth : {64 * 1024 + 8, 68 * 1024, 71 * 1024}) {
    std::memset(stack.bottom, 0x5a, 8);  // the deepest frame
    std::memset(stack.top() - depth, 1, 8);
    EXPECT_GT(stacks_->trim(stack.top() - 8), 0U) << depth;
    EXPECT_EQ(stack.bottom[0], std::byte{0});
  }
}

TEST_F(FiberStacksTest, TrimOfAnAddressElsewhereDoesNothing) {
  const auto index = *stacks_->take();
  use(index, 600 * 1024);
  int here = 0;
  EXPECT_EQ(stacks_->trim(&here), 0U);
  EXPECT_EQ(stacks_->trim(nullptr), 0U);
  EXPECT_EQ(stacks_->trim(stacks_->stack(2).top() + 1_MiB), 0U);
  EXPECT_EQ(*(stacks_->stack(index).top() - 600 * 1024), std::byte{0x5a});
}

}  // namespace
}  // namespace nexus::engine
