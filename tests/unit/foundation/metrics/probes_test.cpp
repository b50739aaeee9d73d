#include "nexus/foundation/metrics/probes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace nexus::metrics {
namespace {

ExecutionResult result_with(std::uint64_t time_us, std::uint64_t peak_bytes) {
  ExecutionResult result;
  result.metrics.execution_time_us = time_us;
  result.metrics.memory_peak_bytes = peak_bytes;
  result.metrics.host_calls.state_get = 2;
  return result;
}

Error refusal_of(ErrorCode code, std::string layer) {
  return {.code = code, .message = {}, .limit = LimitReached{.layer = std::move(layer), .setting = {}}};
}

TEST(ExecutionProbe, AddsUpExecutionMetrics) {
  ExecutionProbe probe;
  probe.record(result_with(10, 500));
  probe.record(result_with(30, 400));
  auto failed = result_with(5, 100);
  failed.error = Error{};
  failed.metrics.reset_ns = 1'200;
  probe.record(failed);
  EXPECT_EQ(probe.succeeded.count(), 2);
  EXPECT_EQ(probe.succeeded.sum_ns(), 40'000);
  EXPECT_EQ(probe.failed.count(), 1);
  EXPECT_EQ(probe.failed.sum_ns(), 5'000);
  EXPECT_EQ(probe.resets.count(), 1);
  EXPECT_EQ(probe.resets.sum_ns(), 1'200);
  EXPECT_EQ(probe.peak_memory_bytes, 500);
  EXPECT_EQ(probe.host_calls.total(), 6);
}

TEST(Present, CountsInOneCounterAtATime) {
  InProgress in_progress;
  {
    Present execution(in_progress.queued);
    const Present another(in_progress.queued);
    EXPECT_EQ(in_progress.queued, 2);
    execution.move_to(in_progress.running);
    EXPECT_EQ(in_progress.queued, 1);
    EXPECT_EQ(in_progress.running, 1);
  }
  EXPECT_EQ(in_progress.queued, 0);
  EXPECT_EQ(in_progress.running, 0);
}

TEST(AdmissionProbe, LayerCountsAsRefusingForAWhile) {
  constexpr std::size_t kPool = 2;
  static_assert(kLayers[kPool] == "pool");
  AdmissionProbe one, other;
  one.tick(1000);
  EXPECT_FALSE(one.is_refusing(kPool, 1000));
  one.record(refusal_of(ErrorCode::kOverloaded, "pool"));
  EXPECT_TRUE(one.is_refusing(kPool, 1001)) << "before the next tick";
  one.tick(1100);
  one.tick(1200);
  other.add(one);
  for (const AdmissionProbe* probe : {&one, &other}) {
    EXPECT_TRUE(probe->is_refusing(kPool, 1100 + kRefusingMs - 1));
    EXPECT_FALSE(probe->is_refusing(kPool, 1100 + kRefusingMs));
    EXPECT_FALSE(probe->is_refusing(0, 1100));
  }
}

TEST(AdmissionProbe, CountsOnlyRejectionsForLackOfRoom) {
  Probes probes;
  probes.refused(refusal_of(ErrorCode::kOverloaded, "pool"));
  probes.refused(refusal_of(ErrorCode::kPanelBusy, "panel"));
  probes.refused(refusal_of(ErrorCode::kOverloaded, "budget"));
  probes.refused(refusal_of(ErrorCode::kOverloaded, "a layer that nobody knows"));
  probes.refused(refusal_of(ErrorCode::kMemoryLimit, "container"));
  probes.refused({.code = ErrorCode::kNotFound, .message = {}});
  EXPECT_EQ(probes.admission.by_layer, (std::array<std::uint64_t, 4>{0, 1, 1, 1}));
  EXPECT_EQ(probes.errors.by_code[static_cast<std::size_t>(ErrorCode::kOverloaded)], 3);
  EXPECT_EQ(probes.errors.by_code[static_cast<std::size_t>(ErrorCode::kNotFound)], 1);
}

TEST(HttpProbe, CountsByAllThreeLabels) {
  HttpProbe probe;
  probe.record({"/panels", "POST", 201});
  probe.record({"/panels", "POST", 201});
  probe.record({"/panels", "POST", 400});
  probe.record({"/health", "GET", 200});
  ASSERT_EQ(probe.counts().size(), 3u);
  EXPECT_EQ(probe.counts()[0].labels, (HttpLabels{"/panels", "POST", 201}));
  EXPECT_EQ(probe.counts()[0].count, 2u);
  HttpProbe other;
  other.record({"/health", "GET", 200});
  other.record({"/metrics", "GET", 200});
  probe.add(other);
  ASSERT_EQ(probe.counts().size(), 4u);
  EXPECT_EQ(probe.counts()[2].count, 2u);
}

TEST(HttpProbe, SeriesAreBounded) {
  HttpProbe probe;
  for (unsigned code = 0; code < 10'000; ++code)
    probe.record({"/panels", code % 2 == 0 ? "GET" : "PUT", 400 + code % 200});
  EXPECT_EQ(probe.counts().size(), 200u);
  for (unsigned code = 1000; code < 2000; ++code)
    probe.record({"/panels", "GET", code});
  const auto counts = probe.counts();
  const auto is_other = [](const HttpCount& one) { return one.labels.route == kOther; };
  EXPECT_EQ(std::ranges::count_if(counts, std::not_fn(is_other)), HttpProbe::kMostSeries);
  std::uint64_t total = 0;
  for (const HttpCount& one : counts)
    total += one.count;
  EXPECT_EQ(total, 11'000u) << "none is lost";
}

TEST(Probes, AddUp) {
  Probes one, other;
  one.ended(result_with(10, 500));
  auto failed = result_with(20, 700);
  failed.error = Error{.code = ErrorCode::kTimeout, .message = {}};
  other.ended(failed);
  other.refused(refusal_of(ErrorCode::kPanelBusy, "panel"));
  other.in_progress.running = 3;
  other.http.record({"/health", "GET", 200});
  one.add(other);
  one.add(Probes{});
  EXPECT_EQ(one.executions.succeeded.count(), 1);
  EXPECT_EQ(one.executions.failed.count(), 1);
  EXPECT_EQ(one.executions.peak_memory_bytes, 700);
  EXPECT_EQ(one.executions.host_calls.state_get, 4);
  EXPECT_EQ(one.errors.by_code[static_cast<std::size_t>(ErrorCode::kTimeout)], 1);
  EXPECT_EQ(one.admission.by_layer[3], 1);
  EXPECT_EQ(one.in_progress.running, 3);
  EXPECT_EQ(one.http.counts().size(), 1u);
}

}  // namespace
}  // namespace nexus::metrics
