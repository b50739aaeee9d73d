// Statistics of the times of calls.
#pragma once

#include <string>
#include <vector>

namespace nexus::app {

// A table of min, p50, p90, p99, max and calls per second. REQUIRES: at least one time.
std::string latency_table(std::vector<double> microseconds);

}  // namespace nexus::app
