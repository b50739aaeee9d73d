#include "nexus/runtime/exposition/report.h"

#include <gmock/gmock.h>

#include <set>
#include <string>
#include <vector>

namespace nexus::exposition {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Build kBuild{"1.2.3", "wasmtime 48", "quickjs 1"};

std::string text_of(const Snapshot& sum, const handlers::DiskCacheStats& disk = {},
                    const MemoryFacts& memory = {}) {
  return report(sum, disk, kBuild, system::look_at_process(), memory);
}

// The series of a report, without values.
std::vector<std::string> series_of(const std::string& text) {
  std::vector<std::string> series;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    if (text[start] != '#') series.push_back(text.substr(start, text.rfind(' ', end) - start));
    start = end + 1;
  }
  return series;
}

TEST(Report, HasEverySeriesOfAClosedSetFromTheStart) {
  const std::string text = text_of({});
  for (const char* series :
       {"nexus_handler_executions_total{status=\"success\"} 0\n", "nexus_executions{state=\"suspended\"} 0\n",
        "nexus_executions{state=\"hibernated\"} 0\n", "nexus_errors_total{code=\"INTERNAL_ERROR\"} 0\n",
        "nexus_admission_rejected_total{layer=\"container\"} 0\n",
        "nexus_instances_retired_total{reason=\"cancel\"} 0\n",
        "nexus_host_calls_total{function=\"emit\"} 0\n",
        "nexus_handler_execution_seconds_bucket{status=\"error\",le=\"+Inf\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(series));
  }
}

TEST(Report, HasTheFiguresOfTheSnapshot) {
  Snapshot sum;
  ExecutionResult result;
  result.metrics.execution_time_us = 40;
  sum.probes.ended(result);
  result.metrics.execution_time_us = 60;
  result.metrics.reset_ns = 900;
  result.error = Error{.code = ErrorCode::kTimeout, .message = {}};
  sum.probes.ended(result);
  sum.probes.in_progress.queued = 4;
  sum.pool.waits.record_us(15);
  sum.pool.waiting = 5;
  sum.probes.in_progress.without_memory = 2;
  sum.cache.hits = 3;
  sum.cache.misses = 1;
  sum.panels = 9;
  const std::string text = text_of(sum);
  for (const char* sample :
       {"nexus_handler_execution_time_us 50\n",
        "nexus_handler_execution_seconds_sum{status=\"error\"} 6e-05\n",
        "nexus_handler_execution_seconds_bucket{status=\"success\",le=\"5e-05\"} 1\n",
        "nexus_reset_seconds_bucket{le=\"5e-07\"} 0\n", "nexus_reset_seconds_bucket{le=\"1e-06\"} 1\n",
        "nexus_errors_total{code=\"TIMEOUT\"} 1\n", "nexus_executions{state=\"queued\"} 4\n",
        "nexus_pool_wait_seconds_sum 1.5e-05\n", "nexus_queue_depth 7\n", "nexus_cache_hit_rate 0.75\n",
        "nexus_panels 9\n",
        "nexus_build_info{version=\"1.2.3\",engine=\"wasmtime 48\",interpreter=\"quickjs 1\"} 1\n"}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

TEST(Report, SeparatesDiskCacheAndImageCache) {
  Snapshot sum;
  sum.cache = {.hits = 5, .disk_hits = 3, .misses = 2, .evictions = 1, .bytes = 10, .entries = 1};
  handlers::DiskCacheStats disk{.bytes = 4096, .limit_bytes = 8192, .evictions = 6};
  disk.errors[static_cast<std::size_t>(handlers::CacheOp::kLock)] = 7;
  const std::string text = text_of(sum, disk);
  for (const char* sample :
       {"nexus_cache_requests_total{result=\"hit\"} 5\n", "nexus_cache_requests_total{result=\"disk\"} 3\n",
        "nexus_cache_requests_total{result=\"miss\"} 2\n", "nexus_cache_hit_rate 0.8\n",
        "nexus_image_cache_bytes 10\n", "nexus_image_cache_evictions_total 1\n", "nexus_cache_bytes 4096\n",
        "nexus_cache_limit_bytes 8192\n", "nexus_cache_evictions_total 6\n",
        "nexus_cache_errors_total{op=\"lock\"} 7\n", "nexus_cache_errors_total{op=\"queue\"} 0\n"}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
}

TEST(Report, OfAllLoopsHasTheSeriesOfOneLoop) {
  Snapshot one, other;
  other.panels = 3;
  one.panels = 2;
  other.cache = {.hits = 5, .misses = 2, .evictions = 1, .bytes = 10, .entries = 1};
  const auto series = series_of(text_of(one));
  one.add(other);
  one.add(other);
  EXPECT_EQ(series_of(text_of(one)), series);
  EXPECT_EQ(one.panels, 8u);
  EXPECT_EQ(one.cache.hits, 10u);
  EXPECT_EQ(one.cache.bytes, 20u);
}

TEST(Report, HasTheUsedRatio) {
  MemoryFacts memory;
  EXPECT_THAT(text_of({}, {}, memory), HasSubstr("nexus_memory_budget_used_ratio 0\n"));
  memory.view.limits.budget_bytes = 1000;
  memory.view.limits.reserve_bytes = 200;
  memory.view.limits.grantable_bytes = 800;
  memory.view.unaccounted_bytes = 50;
  memory.ledger.accounts.put(budget::Kind::kInstances, 350);
  memory.unclean_exits.resize(2);
  const std::string text = text_of({}, {}, memory);
  for (const char* sample :
       {"nexus_memory_budget_bytes 1000\n", "nexus_memory_budget_used_ratio 0.5\n",
        "nexus_memory_unaccounted_bytes 50\n", "nexus_memory_accounted_bytes{kind=\"instances\"} 350\n",
        "nexus_unclean_exits_total 2\n"}) {
    EXPECT_THAT(text, HasSubstr(sample));
  }
  EXPECT_THAT(text, Not(HasSubstr("nexus_container"))) << "there is no limit";
}

TEST(Report, HasLimitAndUsageOfTheContainer) {
  MemoryFacts memory;
  memory.view.limits.container_limit_bytes = 900;
  memory.view.limits.container_usage_bytes = 70;
  const std::string text = text_of({}, {}, memory);
  EXPECT_THAT(text, HasSubstr("nexus_container_memory_limit_bytes 900\n"));
  EXPECT_THAT(text, HasSubstr("nexus_container_memory_usage_bytes 70\n"));
}

// For any mix of requests, and after any time.
TEST(Report, StaysBelow60KB) {
  Snapshot sum;
  sum.panels = 1'000'000'000;
  for (const std::string_view route : {"/panels/:id/trigger/:tool", "/executions/:id", "other"})
    for (const std::string_view method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "other"})
      for (unsigned code = 400; code < 440; ++code)
        sum.probes.http.record({route, method, code});
  for (int i = 0; i < 40; ++i) {
    const Snapshot half = sum;
    sum.add(half);
  }
  const std::string text = text_of(sum);
  EXPECT_LT(text.size(), 60'000u);
  EXPECT_LT(text_of({}).size(), 20'000u);
  const auto series = series_of(text);
  EXPECT_EQ(std::set(series.begin(), series.end()).size(), series.size()) << "no series comes twice";
}

TEST(HitRate, IsZeroBeforeTheFirstLookup) {
  EXPECT_EQ(hit_rate({}), 0.0);
  EXPECT_EQ(hit_rate({.hits = 3, .misses = 1}), 0.75);
  EXPECT_EQ(hit_rate({.hits = 1, .disk_hits = 2, .misses = 1}), 0.75);
}

}  // namespace
}  // namespace nexus::exposition
