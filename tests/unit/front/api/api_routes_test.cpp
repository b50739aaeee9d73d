#include <gtest/gtest.h>

#include <set>

#include "nexus/front/api/api.h"

namespace nexus::api {
namespace {

using http::Method;
using http::Owner;

const http::Route* row_of(Method method, std::string_view target) {
  return find_route(Api::table(), method, target).row;
}

TEST(ApiRoutes, EachRowMatchesItsOwnPattern) {
  for (const http::Route* row : Api::table())
    EXPECT_EQ(row_of(row->method, row->pattern), row) << row->pattern;
}

TEST(ApiRoutes, RowsOfOnePatternStandTogether) {
  std::set<std::string_view> seen;
  std::string_view last;
  for (const http::Route* row : Api::table()) {
    if (row->pattern == last) continue;
    EXPECT_TRUE(seen.insert(row->pattern).second) << row->pattern;
    last = row->pattern;
  }
}

TEST(ApiRoutes, OpenRowsNeedNoScopeAndHaveNoPanel) {
  for (const http::Route* row : Api::table()) {
    EXPECT_EQ(row->is_open, !row->scope.has_value()) << row->pattern;
    EXPECT_TRUE(!row->is_open || row->owner == Owner::kAnyLoop) << row->pattern;
    EXPECT_EQ(row->owner == Owner::kPanel, row->pattern.starts_with("/panels/:id")) << row->pattern;
  }
}

TEST(ApiRoutes, ListTheirMethods) {
  EXPECT_EQ(allowed_methods(Api::table(), "/panels"), "GET, HEAD, POST");
  EXPECT_EQ(allowed_methods(Api::table(), "/panels/:id"), "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(allowed_methods(Api::table(), "/panels/:id/trigger/:tool"), "POST");
  EXPECT_EQ(allowed_methods(Api::table(), "/panels/:id/ws"), "GET");
  EXPECT_EQ(allowed_methods(Api::table(), "/executions/:id"), "GET, HEAD, DELETE");
}

}  // namespace
}  // namespace nexus::api
