#include "nexus/metrics/probes.h"

#include <gtest/gtest.h>

#include "nexus/metrics/report.h"

namespace nexus::metrics {
namespace {

sandbox::ExecutionResult result_with(std::uint64_t time_us, std::uint64_t peak_bytes) {
  sandbox::ExecutionResult result;
  result.metrics.execution_time_us = time_us;
  result.metrics.memory_peak_bytes = peak_bytes;
  result.metrics.host_calls.state_get = 2;
  return result;
}

TEST(ExecutionProbe, AddsUpWhatExecutionsUsed) {
  ExecutionProbe probe;
  probe.record(result_with(10, 500));
  probe.record(result_with(30, 400));
  auto failed = result_with(5, 100);
  failed.error = Error{};
  probe.record(failed);
  EXPECT_EQ(probe.succeeded, 2);
  EXPECT_EQ(probe.failed, 1);
  EXPECT_EQ(probe.time_us, 45);
  EXPECT_EQ(probe.peak_memory_bytes, 500);
  EXPECT_EQ(probe.host_calls.total(), 6);
}

TEST(HitRate, IsZeroBeforeTheFirstLookup) {
  EXPECT_EQ(hit_rate({}), 0.0);
  EXPECT_EQ(hit_rate({.hits = 3, .misses = 1}), 0.75);
}

}  // namespace
}  // namespace nexus::metrics
