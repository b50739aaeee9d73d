// The memory growth of a handler's executions, and a forecast for the next one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nexus::handlers {

// A decaying histogram: counts are halved every kHalfLife executions, so that old behaviour fades. Not thread-safe.
// Not thread-safe.
class MemoryProfile {
 public:
  static constexpr std::uint32_t kHalfLife = 512;

  void record(std::uint64_t bytes);
  // After a refusal for lack of the forecast bytes: halves the weight of the forecast. Otherwise a handler whose
  // forecast never fits would never run, and its forecast would never fall.
  void decay_after_refusal();

  // Enough for 99 of 100 executions: at most 1.42 times their need, 0 if they did not grow.
  std::uint64_t forecast_bytes() const { return forecast_bytes_; }
  std::uint64_t high_water_bytes() const { return high_water_bytes_; }

 private:
  // Bucket 0 for no growth, then two per doubling from 64 KiB to 4 GiB.
  static constexpr std::size_t kBuckets = 34;
  static std::size_t bucket_of(std::uint64_t bytes);
  static std::uint64_t bound_of(std::size_t bucket);
  void halve(std::size_t from_bucket);
  void forecast();

  std::array<std::uint32_t, kBuckets> counts_{};
  std::uint32_t since_halved_ = 0;
  std::uint64_t forecast_bytes_ = 0;
  std::uint64_t high_water_bytes_ = 0;
};

}  // namespace nexus::handlers
