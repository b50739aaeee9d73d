#include "nexus/front/http/query.h"

#include <gtest/gtest.h>

namespace nexus::http {
namespace {

// The path of the fault, or "fine".
template <class T>
std::string fault_of(const std::expected<T, Refusal>& read) {
  if (read) return "fine";
  EXPECT_EQ(read.error().error.code, ErrorCode::kInvalidRequest);
  const std::string& details = read.error().details_json;
  constexpr std::string_view kStart = R"([{"path":")";
  EXPECT_TRUE(details.starts_with(kStart)) << details;
  return details.substr(kStart.size(), details.find('"', kStart.size()) - kStart.size());
}

TEST(Query, HasParametersOnce) {
  EXPECT_EQ(*find_parameter("a=1&b=2", "b"), "2");
  EXPECT_EQ(*find_parameter("a=1&b", "b"), "");
  EXPECT_EQ(*find_parameter("a=1&bb=2", "b"), std::nullopt);
  EXPECT_EQ(*find_parameter("", "b"), std::nullopt);
  EXPECT_EQ(*find_parameter("b=x=y", "b"), "x=y");
  EXPECT_EQ(fault_of(find_parameter("b=1&b=1", "b")), "b");
}

TEST(Query, HasFlags) {
  EXPECT_TRUE(has_flag("logs=1", "logs"));
  EXPECT_TRUE(has_flag("a=2&logs=true", "logs"));
  for (const char* query : {"", "logs", "logs=0", "log=1", "xlogs=1", "logs=1x"}) {
    EXPECT_FALSE(has_flag(query, "logs")) << query;
  }
}

}  // namespace
}  // namespace nexus::http
