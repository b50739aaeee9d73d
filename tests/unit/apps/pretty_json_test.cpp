#include "apps/nexus/pretty_json.h"

#include <gtest/gtest.h>

namespace nexus::app {
namespace {

TEST(PrettyJsonTest, HasOneMemberOrElementPerLine) {
  EXPECT_EQ(pretty_json(R"({"a":1,"b":[true,null],"c":{"d":"e"}})"), R"({
  "a": 1,
  "b": [
    true,
    null
  ],
  "c": {
    "d": "e"
  }
})");
}

TEST(PrettyJsonTest, KeepsEmptyObjectsAndArraysOnOneLine) {
  EXPECT_EQ(pretty_json("{}"), "{}");
  EXPECT_EQ(pretty_json(R"({"a":[],"b":{}})"), "{\n  \"a\": [],\n  \"b\": {}\n}");
}

TEST(PrettyJsonTest, KeepsStringsUnchanged) {
  for (const char* text : {R"("{a:[1,2]}")", R"("a\"b,c")", R"("ends in \\")", R"("")"})
    EXPECT_EQ(pretty_json(text), text);
  EXPECT_EQ(pretty_json(R"(["\\",1])"), "[\n  \"\\\\\",\n  1\n]");
}

TEST(PrettyJsonTest, KeepsSingleValuesUnchanged) {
  for (const char* value : {"1", "-2.5e3", "true", "null"})
    EXPECT_EQ(pretty_json(value), value);
}

}  // namespace
}  // namespace nexus::app
