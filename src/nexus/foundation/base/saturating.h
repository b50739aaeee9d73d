// Addition and subtraction of byte counts that saturate instead of wrapping round.
#pragma once

#include <cstdint>
#include <limits>

namespace nexus {

constexpr std::uint64_t plus(std::uint64_t a, std::uint64_t b) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  return a > kMost - b ? kMost : a + b;
}

constexpr std::uint64_t minus(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : 0; }

}  // namespace nexus
