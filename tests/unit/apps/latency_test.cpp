#include "apps/nexus/latency.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <sstream>

namespace nexus::app {
namespace {

using ::testing::ElementsAre;

// The second line: min, p50, p90, p99, max, calls per second.
std::vector<double> numbers(std::vector<double> microseconds) {
  std::istringstream table(latency_table(std::move(microseconds)));
  std::string head;
  std::getline(table, head);
  std::vector<double> found;
  for (double number = 0; table >> number;)
    found.push_back(number);
  return found;
}

TEST(LatencyTest, OneTimeIsEveryPercentile) {
  EXPECT_THAT(numbers({250}), ElementsAre(250, 250, 250, 250, 250, 4000));
}

TEST(LatencyTest, PercentilesComeFromSortedTimes) {
  std::vector<double> times(100);
  std::iota(times.rbegin(), times.rend(), 1);  // 100 down to 1: their sum is 5050
  EXPECT_THAT(numbers(times), ElementsAre(1, 51, 91, 100, 100, 19802));
}

TEST(LatencyTest, OneSlowCallChangesOnlyTheMaximum) {
  std::vector<double> times(999, 10);
  times.push_back(10'000);
  EXPECT_THAT(numbers(times), ElementsAre(10, 10, 10, 10, 10'000, 50'025));
}

}  // namespace
}  // namespace nexus::app
