#include "nexus/sandbox/handlers/memory_profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "nexus/foundation/base/units.h"

namespace nexus::handlers {
namespace {

TEST(MemoryProfile, ForecastsZeroWithoutGrowth) {
  MemoryProfile profile;
  for (int i = 0; i < 1000; ++i)
    profile.record(0);
  EXPECT_EQ(profile.forecast_bytes(), 0u);
  EXPECT_EQ(profile.high_water_bytes(), 0u);
}

TEST(MemoryProfile, FirstGrowthSetsForecast) {
  MemoryProfile profile;
  profile.record(3_MiB);
  EXPECT_EQ(profile.forecast_bytes(), 3_MiB) << "no more than any has needed";
  EXPECT_EQ(profile.high_water_bytes(), 3_MiB);
}

TEST(MemoryProfile, ForecastCoversNinetyNinePercentTightly) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 200; ++round) {
    MemoryProfile profile;
    std::vector<std::uint64_t> needs;
    const std::uint64_t most = 64_KiB << (random() % 12);
    for (std::uint32_t i = 0; i < MemoryProfile::kHalfLife - 1; ++i) {
      needs.push_back(random() % most);
      profile.record(needs.back());
    }
    std::ranges::sort(needs);
    const std::uint64_t p99 = needs[needs.size() * 99 / 100];
    EXPECT_GE(profile.forecast_bytes() + 1, p99);
    EXPECT_LE(profile.forecast_bytes(), std::max<std::uint64_t>(p99 * 3 / 2 + 1, 64_KiB)) << p99;
  }
}

TEST(MemoryProfile, RareGrowthRaisesOnlyHighWater) {
  MemoryProfile profile;
  for (int i = 0; i < 200; ++i)
    profile.record(100_KiB);
  profile.record(20_MiB);
  EXPECT_LE(profile.forecast_bytes(), 128_KiB);
  EXPECT_EQ(profile.high_water_bytes(), 20_MiB);
}

TEST(MemoryProfile, OldExecutionsFade) {
  MemoryProfile profile;
  for (int i = 0; i < 100; ++i)
    profile.record(10_MiB);
  int executions = 0;
  for (; profile.forecast_bytes() > 0; ++executions)
    profile.record(0);
  EXPECT_GT(executions, 500);
  EXPECT_LT(executions, 10'000);
}

TEST(MemoryProfile, RepeatedRefusalsLowerForecastToZero) {
  MemoryProfile profile;
  for (int i = 0; i < 500; ++i)
    profile.record(30_MiB);
  int refusals = 0;
  for (; profile.forecast_bytes() > 0; ++refusals)
    profile.decay_after_refusal();
  EXPECT_GT(refusals, 1);
  EXPECT_LE(refusals, 10);
}

TEST(MemoryProfile, AcceptsAnyBytes) {
  MemoryProfile profile;
  for (const std::uint64_t bytes : {1_KiB, 64_KiB, 64_KiB + 1, 4_GiB, std::uint64_t{UINT64_MAX}})
    profile.record(bytes);
  EXPECT_EQ(profile.high_water_bytes(), UINT64_MAX);
}

}  // namespace
}  // namespace nexus::handlers
