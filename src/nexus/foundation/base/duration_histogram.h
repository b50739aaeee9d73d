// Durations, counted in fixed buckets. Recording takes a table lookup, one comparison and two additions, and never
// allocates, so every call may record.
//
//   bounds in ns:  kLeastNs   x2   x2.5   x2   ...   kMostNs   (none)
//   counts:       [<= least][          ...          ][<= most][longer]
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>

namespace nexus {

// A view of a histogram with any bounds, for exposition. Valid as long as the histogram.
struct DurationBuckets {
  std::span<const std::uint64_t> bounds_ns;  // inclusive upper bound of each bucket, rising
  std::span<const std::uint64_t>
      counts;  // one more than bounds_ns, not cumulative; the last bucket has no bound
  std::uint64_t sum_ns;
};

// Bounds are 1, 2 and 5 times the powers of ten. A quantile read from the buckets is off by a factor of 2.5 at most,
// and common limits (100 ms, 5 s) are bounds themselves. Not thread-safe. REQUIRES: kLeastNs and kMostNs are such
// bounds.
template <std::uint64_t kLeastNs, std::uint64_t kMostNs>
class DurationHistogram {
  static consteval std::uint64_t after(std::uint64_t bound) {
    std::uint64_t digit = bound;
    while (digit >= 10)
      digit /= 10;
    return digit == 2 ? bound / 2 * 5 : bound * 2;
  }
  static consteval std::size_t count_bounds() {
    std::size_t count = 1;
    for (std::uint64_t bound = kLeastNs; bound < kMostNs; bound = after(bound))
      ++count;
    return count;
  }

 public:
  static constexpr std::size_t kBounds = count_bounds();

  void record_ns(std::uint64_t ns) {
    ++counts_[bucket_of(ns)];
    sum_ns_ += ns;
  }
  void record_us(std::uint64_t us) { record_ns(us * 1000); }

  void add(const DurationHistogram& other) {
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket)
      counts_[bucket] += other.counts_[bucket];
    sum_ns_ += other.sum_ns_;
  }

  std::uint64_t count() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }
  std::uint64_t sum_ns() const { return sum_ns_; }
  DurationBuckets buckets() const { return {std::span(kUpTo).template first<kBounds>(), counts_, sum_ns_}; }

 private:
  // The bounds, and a sentinel above all durations.
  static consteval std::array<std::uint64_t, kBounds + 1> make_bounds() {
    std::array<std::uint64_t, kBounds + 1> bounds{};
    std::uint64_t bound = kLeastNs;
    for (std::size_t i = 0; i < kBounds; ++i, bound = after(bound))
      bounds[i] = bound;
    bounds[kBounds] = std::numeric_limits<std::uint64_t>::max();
    return bounds;
  }
  static constexpr std::array<std::uint64_t, kBounds + 1> kUpTo = make_bounds();
  static_assert(kUpTo[kBounds - 1] == kMostNs, "kMostNs is not of the series");

  // Indexed by the bit width of a duration: the first bucket that holds the shortest duration of this width. Between
  // two powers of two there is at most one bound, so a duration belongs to this bucket or to the next one.
  static consteval std::array<std::uint8_t, 65> make_first_buckets() {
    std::array<std::uint8_t, 65> first{};
    for (std::size_t bits = 0; bits < first.size(); ++bits) {
      const std::uint64_t least = bits == 0 ? 0 : std::uint64_t{1} << (bits - 1);
      while (kUpTo[first[bits]] < least)
        ++first[bits];
    }
    return first;
  }
  static constexpr std::array<std::uint8_t, 65> kFirstBucket = make_first_buckets();

  static std::size_t bucket_of(std::uint64_t ns) {
    const std::size_t first = kFirstBucket[static_cast<std::size_t>(std::bit_width(ns))];
    return first + (kUpTo[first] < ns ? 1 : 0);
  }

  std::array<std::uint64_t, kBounds + 1> counts_{};
  std::uint64_t sum_ns_ = 0;
};

}  // namespace nexus
