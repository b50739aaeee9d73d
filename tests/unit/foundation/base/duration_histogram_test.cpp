#include "nexus/foundation/base/duration_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace nexus {
namespace {

using Times = DurationHistogram<1'000, 10'000'000'000>;

// The oracle of bucket_of().
std::size_t naive_bucket(std::span<const std::uint64_t> bounds, std::uint64_t ns) {
  return static_cast<std::size_t>(std::ranges::lower_bound(bounds, ns) - bounds.begin());
}

std::size_t bucket_of(std::uint64_t ns) {
  Times times;
  times.record_ns(ns);
  const auto counts = times.buckets().counts;
  return static_cast<std::size_t>(std::ranges::find(counts, 1u) - counts.begin());
}

TEST(DurationHistogram, BoundsAreOneTwoFive) {
  const Times times;
  const std::vector<std::uint64_t> bounds(times.buckets().bounds_ns.begin(), times.buckets().bounds_ns.end());
  ASSERT_EQ(bounds.size(), 22u);
  EXPECT_EQ(std::vector(bounds.begin(), bounds.begin() + 5),
            (std::vector<std::uint64_t>{1'000, 2'000, 5'000, 10'000, 20'000}));
  EXPECT_EQ(bounds.back(), 10'000'000'000u);
  const DurationHistogram<500, 500> one;
  EXPECT_EQ(one.buckets().bounds_ns.size(), 1u);
  EXPECT_EQ(one.buckets().counts.size(), 2u);
}

TEST(DurationHistogram, ABoundBelongsToItsBucket) {
  const Times times;
  const auto bounds = times.buckets().bounds_ns;
  EXPECT_EQ(bucket_of(0), 0u);
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    EXPECT_EQ(bucket_of(bounds[i] - 1), i);
    EXPECT_EQ(bucket_of(bounds[i]), i);
    EXPECT_EQ(bucket_of(bounds[i] + 1), i + 1);
  }
  EXPECT_EQ(bucket_of(UINT64_MAX), bounds.size());
}

TEST(DurationHistogram, FindsSameBucketAsBinarySearch) {
  std::mt19937_64 random(1);
  const Times times;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t ns = random() >> (random() % 64);
    ASSERT_EQ(bucket_of(ns), naive_bucket(times.buckets().bounds_ns, ns)) << ns;
  }
}

TEST(DurationHistogram, AddsUp) {
  Times a, b;
  a.record_us(3);
  b.record_us(3);
  b.record_ns(20'000'000'000);
  a.add(b);
  EXPECT_EQ(a.count(), 3u);
  EXPECT_EQ(a.sum_ns(), 20'000'006'000u);
  EXPECT_EQ(a.buckets().counts[2], 2u);
  EXPECT_EQ(a.buckets().counts.back(), 1u);
}

}  // namespace
}  // namespace nexus
