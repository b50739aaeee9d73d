#include "nexus/runtime/exposition/exposition.h"

#include <gtest/gtest.h>

namespace nexus::exposition {
namespace {

TEST(Exposition, WritesHelpTypeAndSamples) {
  Exposition out;
  out.counter("calls_total", "Calls.");
  out.sample({{"status", "success"}, {"kind", "a"}}, 3.0);
  out.gauge("rate", "A rate.");
  out.sample(0.5);
  EXPECT_EQ(
      std::move(out).take(),
      "# HELP calls_total Calls.\n# TYPE calls_total counter\ncalls_total{status=\"success\",kind=\"a\"} 3\n"
      "# HELP rate A rate.\n# TYPE rate gauge\nrate 0.5\n");
}

TEST(Exposition, EscapesLabelValues) {
  Exposition out;
  out.gauge("g", "G.");
  out.sample({{"v", "a\"b\\c\nd"}}, 1.0);
  EXPECT_EQ(std::move(out).take(), "# HELP g G.\n# TYPE g gauge\ng{v=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(Exposition, LosesNoDigitOfALargeCounter) {
  Exposition out;
  out.counter("c", "C.");
  out.sample(std::uint64_t{9007199254740991});
  EXPECT_NE(std::move(out).take().find(" 9007199254740991\n"), std::string::npos);
}

TEST(Exposition, WritesDurationsInSecondsAndAddsBucketsUp) {
  DurationHistogram<5'000, 20'000> times;
  for (const std::uint64_t us : {5u, 6u, 7u, 20u, 21u})
    times.record_us(us);
  Exposition out;
  out.histogram("t_seconds", "T.");
  out.durations({{"status", "error"}}, times.buckets());
  EXPECT_EQ(std::move(out).take(),
            "# HELP t_seconds T.\n# TYPE t_seconds histogram\n"
            "t_seconds_bucket{status=\"error\",le=\"5e-06\"} 1\n"
            "t_seconds_bucket{status=\"error\",le=\"1e-05\"} 3\n"
            "t_seconds_bucket{status=\"error\",le=\"2e-05\"} 4\n"
            "t_seconds_bucket{status=\"error\",le=\"+Inf\"} 5\n"
            "t_seconds_sum{status=\"error\"} 5.9e-05\n"
            "t_seconds_count{status=\"error\"} 5\n");
}

TEST(Exposition, DurationsNeedNoLabels) {
  Exposition out;
  out.histogram("t_seconds", "T.");
  out.durations({}, DurationHistogram<1'000'000'000, 1'000'000'000>().buckets());
  EXPECT_EQ(std::move(out).take(),
            "# HELP t_seconds T.\n# TYPE t_seconds histogram\nt_seconds_bucket{le=\"1\"} 0\n"
            "t_seconds_bucket{le=\"+Inf\"} 0\nt_seconds_sum 0\nt_seconds_count 0\n");
}

}  // namespace
}  // namespace nexus::exposition
