#include "nexus/runtime/panels/cron_schedule.h"

#include <gtest/gtest.h>

#include <chrono>

namespace nexus::panels {
namespace {

using namespace std::chrono_literals;

// Unix time in milliseconds.
std::int64_t at(int year, unsigned month, unsigned day, int hour, int minute, int second = 0) {
  const std::chrono::sys_days date(std::chrono::year(year) / std::chrono::month(month) /
                                   std::chrono::day(day));
  return std::chrono::milliseconds(date.time_since_epoch() + std::chrono::hours(hour) +
                                   std::chrono::minutes(minute) + std::chrono::seconds(second))
      .count();
}

std::int64_t next(std::string_view expression, std::int64_t unix_ms) {
  const auto schedule = CronSchedule::parse(expression);
  if (!schedule) return -1;
  return (*schedule)->next_after(unix_ms).value_or(-2);
}

TEST(CronSchedule, FiveFieldsAreMinutesToWeekdaysInUtc) {
  EXPECT_EQ(next("* * * * *", at(2026, 1, 1, 0, 0, 30)), at(2026, 1, 1, 0, 1));
  EXPECT_EQ(next("*/15 * * * *", at(2026, 1, 1, 0, 15)), at(2026, 1, 1, 0, 30)) << "later, not the same";
  EXPECT_EQ(next("30 9 * * MON-FRI", at(2026, 1, 2, 10, 0)), at(2026, 1, 5, 9, 30))
      << "from a Friday to a Monday";
  EXPECT_EQ(next("0 0 29 2 *", at(2026, 1, 1, 0, 0)), at(2028, 2, 29, 0, 0));
  EXPECT_EQ(next("0 0 1 JAN *", at(2026, 1, 1, 0, 0)), at(2027, 1, 1, 0, 0));
  EXPECT_EQ(next("@daily", at(2026, 1, 1, 5, 0)), at(2026, 1, 2, 0, 0));
}

TEST(CronSchedule, ASixthFieldInFrontIsSeconds) {
  EXPECT_EQ(next("*/10 * * * * *", at(2026, 1, 1, 0, 0, 5)), at(2026, 1, 1, 0, 0, 10));
}

// As in every cron: when both day fields are restricted, a match of either suffices.
TEST(CronSchedule, EitherDayFieldSuffices) {
  EXPECT_EQ(next("0 0 13 * FRI", at(2026, 1, 1, 0, 0)), at(2026, 1, 2, 0, 0));
  EXPECT_EQ(next("0 0 13 * FRI", at(2026, 1, 9, 0, 0)), at(2026, 1, 13, 0, 0));
}

TEST(CronSchedule, APrefixNamesAZone) {
  EXPECT_EQ(next("CRON_TZ=Europe/Berlin 0 9 * * *", at(2026, 1, 1, 0, 0)), at(2026, 1, 1, 8, 0)) << "winter";
  EXPECT_EQ(next("CRON_TZ=Europe/Berlin 0 9 * * *", at(2026, 7, 1, 0, 0)), at(2026, 7, 1, 7, 0)) << "summer";
}

// On 2026-03-29 Berlin skips the time from 2:00 to 3:00, on 2026-10-25 it repeats that hour.
TEST(CronSchedule, ASkippedOrRepeatedTimeIsDueOnce) {
  const char* half_past_two = "CRON_TZ=Europe/Berlin 30 2 * * *";
  const std::int64_t spring = next(half_past_two, at(2026, 3, 28, 12, 0));
  EXPECT_GE(spring, at(2026, 3, 29, 0, 59, 59));
  EXPECT_LE(spring, at(2026, 3, 29, 1, 30));
  EXPECT_EQ(next(half_past_two, spring), at(2026, 3, 30, 0, 30));
  const std::int64_t autumn = next(half_past_two, at(2026, 10, 24, 12, 0));
  EXPECT_EQ(autumn, at(2026, 10, 25, 0, 30));
  EXPECT_EQ(next(half_past_two, autumn), at(2026, 10, 26, 1, 30));
}

TEST(CronSchedule, InvalidExpressionsAreRejected) {
  for (const char* bad : {"", "*", "* * * *", "60 * * * *", "* * * * * * *", "a b c d e", "* * 32 * *",
                          "CRON_TZ=Nowhere/Land * * * * *", "CRON_TZ=UTC", "TZ=UTC * * * * *", "\xff * * * *",
                          "0 0 30 2 *", "0 0 31 4 *", "*/0 * * * *", "5-1 * * * *"})
    EXPECT_EQ(next(bad, 0), -1) << bad;
  EXPECT_EQ(CronSchedule::parse("0 0 30 2 *").error(), "is never due");
  EXPECT_NE(CronSchedule::parse("CRON_TZ=Nowhere/Land * * * * *").error().find("Nowhere/Land"),
            std::string::npos);
}

}  // namespace
}  // namespace nexus::panels
