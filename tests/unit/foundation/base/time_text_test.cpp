#include "nexus/foundation/base/time_text.h"

#include <gtest/gtest.h>

namespace nexus {
namespace {

TEST(TimeText, WritesUtc) {
  EXPECT_EQ(as_time(784'111'777'005), "1994-11-06T08:49:37.005Z");
  EXPECT_EQ(as_second(784'111'777'999), "1994-11-06T08:49:37Z");
  EXPECT_EQ(as_http_date(784'111'777'000), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(TimeText, HasTwoEnds) {
  EXPECT_EQ(as_time(-1), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(as_second(INT64_MAX), "9999-12-31T23:59:59Z");
}

}  // namespace
}  // namespace nexus
