// The pool with real instances: an instance that comes back unusable is never given out again.
#include "nexus/sandbox/pool/instance_pool.h"

#include <gtest/gtest.h>

#include "nexus/foundation/model/state.h"
#include "support/sandbox.h"

namespace nexus::pool {
namespace {

std::uint64_t retired(const InstancePool& pool, Retired reason) {
  return pool.stats().retired[static_cast<std::size_t>(reason)];
}

class InstancePoolTest : public ::testing::Test {
 protected:
  InstancePool::Factory factory() {
    return [this] { return sandbox::Instance::create(sandbox.runtime()); };
  }

  std::shared_ptr<const memory::Image> image_of(std::string_view source) {
    auto image = sandbox.load(source);
    EXPECT_TRUE(image.has_value());
    return image ? *image : nullptr;
  }

  sandbox::ExecutionRequest request_for(const std::shared_ptr<const memory::Image>& image,
                                        std::string_view source) {
    sandbox::ExecutionRequest request;
    request.image = image;
    request.source = source;
    request.execution_id = "e";
    request.state = &state;
    request.capabilities = &capabilities;
    request.limits = limits;
    return request;
  }

  testing::Sandbox sandbox;
  SystemClock clock;
  State state;
  Capabilities capabilities = Capabilities::defaults();
  Limits limits;
};

TEST_F(InstancePoolTest, ReusesInstance) {
  constexpr std::string_view kSource = "return 1 + 1";
  const auto image = image_of(kSource);
  InstancePool pool({.max_instances = 1, .min_instances = 1}, clock, factory());
  EXPECT_GT(pool.total_memory(), 0u);
  std::uint64_t id = 0;
  for (int i = 0; i < 3; ++i) {
    Result<Lease> lease = pool.try_acquire();
    ASSERT_TRUE(lease);
    EXPECT_TRUE(id == 0 || id == (*lease)->id());
    id = (*lease)->id();
    EXPECT_EQ((*lease)->execute(request_for(image, kSource)).return_json, "2");
  }
  EXPECT_EQ(pool.stats().created, 1u);
}

TEST_F(InstancePoolTest, ReplacesTimedOutInstance) {
  constexpr std::string_view kSource = "for (;;) {}";
  const auto image = image_of(kSource);
  limits.timeout_ms = kLeastTimeoutMs;
  InstancePool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  {
    Result<Lease> lease = pool.try_acquire();
    ASSERT_TRUE(lease);
    const ExecutionResult result = (*lease)->execute(request_for(image, kSource));
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error->code, ErrorCode::kTimeout);
    lease->retire(Retired::kCancel);
  }
  EXPECT_EQ(retired(pool, Retired::kCancel), 1u);
  EXPECT_EQ(pool.total_memory(), 0u);
  EXPECT_TRUE(pool.try_acquire());
  EXPECT_EQ(pool.stats().created, 2u);
}

TEST_F(InstancePoolTest, DroppedLeaseWhileHandlerRuns) {
  constexpr std::string_view kSource = "for (;;) {}";
  const auto image = image_of(kSource);
  InstancePool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  std::uint64_t id = 0;
  {
    Result<Lease> lease = pool.try_acquire();
    ASSERT_TRUE(lease);
    id = (*lease)->id();
    (*lease)->start(request_for(image, kSource));
    ASSERT_EQ((*lease)->step(), sandbox::Step::kMore);
  }
  EXPECT_EQ(retired(pool, Retired::kCancel), 1u);
  const Result<Lease> next = pool.try_acquire();
  ASSERT_TRUE(next);
  EXPECT_NE((*next)->id(), id);
  EXPECT_TRUE((*next)->is_pristine());
}

TEST_F(InstancePoolTest, DroppedLeaseBeforeResultIsFetched) {
  constexpr std::string_view kSource = "globalThis.left = 1; return 1";
  const auto image = image_of(kSource);
  InstancePool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  {
    Result<Lease> lease = pool.try_acquire();
    ASSERT_TRUE(lease);
    (*lease)->start(request_for(image, kSource));
    while ((*lease)->step() == sandbox::Step::kMore) {
    }
  }
  EXPECT_EQ(retired(pool, Retired::kCancel), 1u);
}

TEST_F(InstancePoolTest, DroppedLeaseWhileHandlerLoads) {
  InstancePool pool({.max_instances = 1, .min_instances = 0}, clock, factory());
  {
    Result<Lease> lease = pool.try_acquire();
    ASSERT_TRUE(lease);
    (*lease)->start_load("for (;;) {}; export default () => 1", limits);
  }
  EXPECT_EQ(retired(pool, Retired::kCancel), 1u);
  EXPECT_TRUE(pool.try_acquire());
}

TEST_F(InstancePoolTest, BudgetRefusalReachesCaller) {
  InstancePool pool({.max_instances = 2, .min_instances = 0}, clock, factory());
  sandbox.ledger().set_limit(0);
  const Result<Lease> refused = pool.try_acquire();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  ASSERT_TRUE(refused.error().limit);
  EXPECT_EQ(refused.error().limit->layer, "budget");
  EXPECT_GT(refused.error().limit->wanted, 0u);
  sandbox.ledger().set_limit(UINT64_MAX);
  EXPECT_TRUE(pool.try_acquire());
}

}  // namespace
}  // namespace nexus::pool
