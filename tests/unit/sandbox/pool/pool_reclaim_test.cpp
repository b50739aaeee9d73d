// The memory that a pool gives back on demand, and after a peak.
#include "fake_pool.h"

namespace nexus::pool {
namespace {

TEST_F(PoolTest, ReclaimsEnoughIdleInstancesAndKeepsMinInstances) {
  Pool pool({.max_instances = 10, .min_instances = 2}, clock, factory());
  for (int i = 0; i < 6; ++i)
    pool.acquire(keep());
  leases.clear();
  ASSERT_EQ(pool.stats().idle, 6u);
  EXPECT_EQ(pool.reclaim(1500), 2000u);
  EXPECT_EQ(pool.stats().idle, 4u);
  EXPECT_EQ(pool.reclaim(UINT64_MAX), 2000u);
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(pool.reclaim(1), 0u);
}

TEST_F(PoolTest, RenewsInstancesAfterAPeak) {
  Pool pool({.max_instances = 10, .min_instances = 2}, clock, factory());
  EXPECT_FALSE(pool.renew(2)) << "they are fresh";
  for (int i = 0; i < 5; ++i)
    pool.acquire(keep());
  leases.clear();
  EXPECT_TRUE(pool.renew(2));
  EXPECT_TRUE(pool.renew(2));
  EXPECT_FALSE(pool.renew(2));
  EXPECT_EQ(pool.stats().idle, 0u);
  pool.tick();
  pool.tick();
  EXPECT_EQ(pool.stats().idle, 2u);
  EXPECT_EQ(pool.stats().created, 7u);
  EXPECT_FALSE(pool.renew(2));
  EXPECT_EQ(pool.stats().idle, 2u);
}

}  // namespace
}  // namespace nexus::pool
