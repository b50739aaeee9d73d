// What is counted where it happens: plain counters, read by the exposition.
//
// Thread safety: none; the probes of a loop are written and read on it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "nexus/base/error.h"
#include "nexus/sandbox/result.h"

namespace nexus::metrics {

struct ExecutionProbe {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  std::uint64_t time_us = 0;            // running time of all of them
  std::uint64_t peak_memory_bytes = 0;  // the highest memoryPeakBytes
  sandbox::HostCalls host_calls;

  void record(const sandbox::ExecutionResult& result) {
    ++(result.ok() ? succeeded : failed);
    time_us += result.metrics.execution_time_us;
    peak_memory_bytes = std::max(peak_memory_bytes, result.metrics.memory_peak_bytes);
    const sandbox::HostCalls& calls = result.metrics.host_calls;
    host_calls.state_get += calls.state_get;
    host_calls.state_set += calls.state_set;
    host_calls.state_delete += calls.state_delete;
    host_calls.state_keys += calls.state_keys;
    host_calls.emit += calls.emit;
    host_calls.view += calls.view;
    host_calls.log += calls.log;
    host_calls.extension += calls.extension;
  }
};

// By code, whether an execution ended in it or a request was refused with it.
struct ErrorProbe {
  std::array<std::uint64_t, kErrorCodeCount> by_code{};
  void record(ErrorCode code) { ++by_code[static_cast<std::size_t>(code)]; }
};

struct Probes {
  ExecutionProbe executions;
  ErrorProbe errors;
};

}  // namespace nexus::metrics
