#include "nexus/front/http/query.h"

#include <gtest/gtest.h>

#include "unit/front/http/errors.h"

namespace nexus::http {
namespace {

TEST(Query, RejectsRepeatedParameters) {
  EXPECT_EQ(*find_parameter("a=1&b=2", "b"), "2");
  EXPECT_EQ(*find_parameter("a=1&b", "b"), "");
  EXPECT_EQ(*find_parameter("a=1&bb=2", "b"), std::nullopt);
  EXPECT_EQ(*find_parameter("", "b"), std::nullopt);
  EXPECT_EQ(*find_parameter("b=x=y", "b"), "x=y");
  EXPECT_EQ(error_of(find_parameter("b=1&b=1", "b")), "b");
}

TEST(Query, ReadsFlags) {
  EXPECT_TRUE(has_flag("logs=1", "logs"));
  EXPECT_TRUE(has_flag("a=2&logs=true", "logs"));
  for (const char* query : {"", "logs", "logs=0", "log=1", "xlogs=1", "logs=1x"}) {
    EXPECT_FALSE(has_flag(query, "logs")) << query;
  }
}

}  // namespace
}  // namespace nexus::http
