// What the executions of a handler have grown their memory by, and what the next one is expected to need.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nexus::handlers {

// A histogram that forgets: counts are halved every kHalfLife executions, so that what a handler did yesterday fades.
// Not thread-safe.
class MemoryProfile {
 public:
  static constexpr std::uint32_t kHalfLife = 512;

  void record(std::uint64_t bytes);
  // After a refusal for want of what is forecast: it weighs half as much from now on. Without this a handler whose forecast
  // never fits would never run again, and so never be seen to need less.
  void decay_after_refusal();

  // So much suffices for 99 of 100: at most 1.42 times what was needed, 0 when they did not grow.
  std::uint64_t forecast_bytes() const { return forecast_bytes_; }
  std::uint64_t high_water_bytes() const { return high_water_bytes_; }

 private:
  // 0, then two for each doubling from 64 KiB to 4 GiB.
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
