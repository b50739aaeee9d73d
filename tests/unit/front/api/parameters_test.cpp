#include "nexus/front/api/parameters.h"

#include <gtest/gtest.h>

#include "unit/front/http/errors.h"

namespace nexus::api {
namespace {

using http::error_of;

TEST(Parameters, ReadsLimitAndAfter) {
  EXPECT_EQ(page_of("")->limit, 100);
  EXPECT_EQ(page_of("")->after, "");
  EXPECT_EQ(page_of("limit=1000&after=a.b")->limit, 1000);
  EXPECT_EQ(page_of("limit=1&after=a.b")->after, "a.b");
  for (const char* query : {"limit=0", "limit=-1", "limit=1001", "limit=", "limit", "limit=ten", "limit=1.5",
                            "limit=%31x", "limit=+1", "limit=99999999999999999999999", "limit=1&limit=1"}) {
    EXPECT_EQ(error_of(page_of(query)), "limit") << query;
  }
  for (const char* query : {"after=", "after=-", "after=a%20b", "after=a&after=b"}) {
    EXPECT_EQ(error_of(page_of(query)), "after") << query;
  }
}

TEST(Parameters, ReadsLogsAndInclude) {
  EXPECT_EQ(*include_of(""), Include::kNothing);
  EXPECT_EQ(*include_of("include=handlers"), Include::kHandlers);
  for (const char* query :
       {"include=", "include", "include=all", "include=handlers,state", "include=handlers&include=x"}) {
    EXPECT_EQ(error_of(include_of(query)), "include") << query;
  }
}

}  // namespace
}  // namespace nexus::api
