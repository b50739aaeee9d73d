#include "nexus/front/http/etag.h"

#include <gtest/gtest.h>

namespace nexus::http {
namespace {

bool matches(std::string if_match, std::optional<std::uint64_t> version) {
  Request request;
  request.if_match = std::move(if_match);
  return condition_of(request).holds(version);
}

bool holds_unless(std::string if_none_match, std::optional<std::uint64_t> version) {
  Request request;
  request.if_none_match = std::move(if_none_match);
  return condition_of(request).holds(version);
}

bool has(std::string if_none_match, std::uint64_t version) {
  Request request;
  request.if_none_match = std::move(if_none_match);
  return has_already(request, version);
}

TEST(Etag, WithoutAHeaderThereIsNoCondition) {
  EXPECT_TRUE(condition_of({}).holds(7));
  EXPECT_TRUE(condition_of({}).holds(std::nullopt));
  EXPECT_FALSE(has_already({}, 7));
}

TEST(Etag, IfMatchNeedsOneOfItsTags) {
  EXPECT_EQ(etag_of(7), "\"7\"");
  for (const char* header :
       {"\"7\"", "\"6\", \"7\"", "\"6\",\"7\"", " \"7\" ,", "*", " * ", "\"a,b\", \"7\""}) {
    EXPECT_TRUE(matches(header, 7)) << header;
    EXPECT_FALSE(matches(header, std::nullopt)) << header;
  }
}

TEST(Etag, IfMatchNeverMatchesWeakOrForeignTags) {
  for (const char* header :
       {"W/\"7\"", "\"07\"", "7", "\"7", "7\"", "\"\"", "\"", "", "\"-7\"", "\"+7\"", "\"7 \"", "\"x\"",
        "\"7\"\"8\"", "\"18446744073709551623\"", "w/\"7\"", "\"*\"", "\"6\" \"7\""}) {
    EXPECT_FALSE(matches(header, 7)) << header;
  }
  EXPECT_FALSE(matches("\"0\"", 0));
}

TEST(Etag, IfNoneMatchNeedsNoneOfItsTags) {
  EXPECT_FALSE(holds_unless("*", 7));
  EXPECT_TRUE(holds_unless("*", std::nullopt));
  EXPECT_FALSE(holds_unless("\"6\", \"7\"", 7));
  EXPECT_FALSE(holds_unless("W/\"7\"", 7));
  EXPECT_TRUE(holds_unless("\"6\"", 7));
}

TEST(Etag, AReadMatchesWeakTagsToo) {
  for (const char* header : {"\"7\"", "W/\"7\"", "*", "\"1\", W/\"7\""})
    EXPECT_TRUE(has(header, 7)) << header;
  for (const char* header : {"\"8\"", "", "7", "W\"7\""})
    EXPECT_FALSE(has(header, 7)) << header;
}

}  // namespace
}  // namespace nexus::http
