#include "nexus/sandbox/handlers/memory_profile.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "nexus/foundation/base/units.h"

namespace nexus::handlers {

std::uint64_t MemoryProfile::bound_of(std::size_t bucket) {
  if (bucket == 0) return 0;
  const std::uint64_t doubled = kWasmPageBytes << (bucket / 2);
  return bucket % 2 == 1 ? doubled : doubled / 4 * 3;  // 64 Ki, 96 Ki, 128 Ki, 192 Ki, ...
}

std::size_t MemoryProfile::bucket_of(std::uint64_t bytes) {
  if (bytes == 0) return 0;
  const auto doublings = static_cast<std::size_t>(std::bit_width((bytes - 1) / kWasmPageBytes));
  std::size_t bucket = 2 * doublings + 1;
  if (bucket >= 2 && bytes <= bound_of(bucket - 1)) --bucket;
  return std::min(bucket, kBuckets - 1);
}

void MemoryProfile::record(std::uint64_t bytes) {
  const std::size_t bucket = bucket_of(bytes);
  ++counts_[bucket];
  high_water_bytes_ = std::max(high_water_bytes_, bytes);
  if (++since_halved_ == kHalfLife) halve(0);
  if (bucket > 0 || forecast_bytes_ > 0) forecast();
}

void MemoryProfile::decay_after_refusal() {
  halve(bucket_of(forecast_bytes_));
  forecast();
}

void MemoryProfile::halve(std::size_t from_bucket) {
  since_halved_ = 0;
  for (std::size_t bucket = from_bucket; bucket < kBuckets; ++bucket)
    counts_[bucket] /= 2;
}

// The lowest bound with at most one in a hundred executions above it.
void MemoryProfile::forecast() {
  const std::uint64_t total = std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
  std::uint64_t above = 0;
  std::size_t bucket = kBuckets - 1;
  for (; bucket > 0; --bucket) {
    above += counts_[bucket];
    if (above * 100 > total) break;
  }
  forecast_bytes_ = std::min(bound_of(bucket), high_water_bytes_);
}

}  // namespace nexus::handlers
