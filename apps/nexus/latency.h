// Statistics of the times of calls.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

namespace nexus::app {

// A table of min, p50, p90, p99, max and calls per second. REQUIRES: at least one time.
inline std::string latency_table(std::vector<double> microseconds) {
  std::ranges::sort(microseconds);
  const auto share = [&](double part) {  // the shortest time that a `part` of the calls did not exceed
    const auto rank = static_cast<std::size_t>(part * static_cast<double>(microseconds.size()));
    return microseconds[std::min(rank, microseconds.size() - 1)];
  };
  const double total = std::accumulate(microseconds.begin(), microseconds.end(), 0.0);
  return fmt::format(
      "{:>10} {:>10} {:>10} {:>10} {:>10} {:>12}\n{:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} {:>10.1f} "
      "{:>12.0f}\n",
      "min us", "p50 us", "p90 us", "p99 us", "max us", "calls/s", microseconds.front(), share(0.5),
      share(0.9), share(0.99), microseconds.back(), 1e6 * static_cast<double>(microseconds.size()) / total);
}

}  // namespace nexus::app
