#include "nexus/metrics/exposition.h"

#include <gtest/gtest.h>

namespace nexus::metrics {
namespace {

TEST(Exposition, WritesHelpTypeAndSamples) {
  Exposition out;
  out.counter("calls_total", "Calls.");
  out.sample({{"status", "success"}, {"kind", "a"}}, 3);
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
  out.sample({{"v", "a\"b\\c\nd"}}, 1);
  EXPECT_EQ(std::move(out).take(), "# HELP g G.\n# TYPE g gauge\ng{v=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST(Exposition, LosesNoDigitOfALargeCounter) {
  Exposition out;
  out.counter("c", "C.");
  out.sample(9007199254740991.0);
  EXPECT_NE(std::move(out).take().find(" 9007199254740991\n"), std::string::npos);
}

}  // namespace
}  // namespace nexus::metrics
