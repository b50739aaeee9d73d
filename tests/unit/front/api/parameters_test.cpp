#include "nexus/front/api/parameters.h"

#include <gtest/gtest.h>

namespace nexus::api {
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

TEST(Query, AsksForAPage) {
  EXPECT_EQ(page_of("")->limit, 100);
  EXPECT_EQ(page_of("")->after, "");
  EXPECT_EQ(page_of("limit=1000&after=a.b")->limit, 1000);
  EXPECT_EQ(page_of("limit=1&after=a.b")->after, "a.b");
  for (const char* query : {"limit=0", "limit=-1", "limit=1001", "limit=", "limit", "limit=ten", "limit=1.5",
                            "limit=%31x", "limit=+1", "limit=99999999999999999999999", "limit=1&limit=1"}) {
    EXPECT_EQ(fault_of(page_of(query)), "limit") << query;
  }
  for (const char* query : {"after=", "after=-", "after=a%20b", "after=a&after=b"}) {
    EXPECT_EQ(fault_of(page_of(query)), "after") << query;
  }
}

TEST(Query, AsksForMore) {
  EXPECT_EQ(*include_of(""), Include::kNothing);
  EXPECT_EQ(*include_of("include=handlers"), Include::kHandlers);
  for (const char* query :
       {"include=", "include", "include=all", "include=handlers,state", "include=handlers&include=x"}) {
    EXPECT_EQ(fault_of(include_of(query)), "include") << query;
  }
}

}  // namespace
}  // namespace nexus::api
