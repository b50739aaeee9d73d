#include "nexus/runtime/panels/args_defaults.h"

#include <gtest/gtest.h>

namespace nexus::panels {
namespace {

std::string fill(std::string_view schema, std::string_view args) {
  return ArgsDefaults(schema).fill(args).value_or("-");
}

TEST(ArgsDefaults, FillMissingMembers) {
  const char* schema =
      R"({"type":"object","properties":{"n":{"default":1},"text":{"type":"string"},"on":{"default":{"a":[1, 2]}}}})";
  EXPECT_EQ(fill(schema, "{}"), R"({"n":1,"on":{"a":[1, 2]}})");
  EXPECT_EQ(fill(schema, R"({ "text" : "x", "n": null })"), R"({"text":"x","n":null,"on":{"a":[1, 2]}})");
  EXPECT_EQ(fill(schema, R"({"n":2,"on":3})"), "-") << "nothing is left out";
}

TEST(ArgsDefaults, FillExistingObjectsOnly) {
  const char* schema =
      R"({"properties":{"user":{"properties":{"role":{"default":"guest"},"at":{"properties":{"x":{"default":0}}}}}}})";
  EXPECT_EQ(fill(schema, "{}"), "-");
  EXPECT_EQ(fill(schema, R"({"user":1})"), "-");
  EXPECT_EQ(fill(schema, R"({"user":{}})"), R"({"user":{"role":"guest"}})");
  EXPECT_EQ(fill(schema, R"({"user":{"at":{}}})"), R"({"user":{"at":{"x":0},"role":"guest"}})");
}

TEST(ArgsDefaults, EscapeNames) {
  EXPECT_EQ(fill(R"({"properties":{"a\"b":{"default":1}}})", R"({"\n":0})"), R"({"\n":0,"a\"b":1})");
  EXPECT_EQ(fill(R"({"properties":{"\u0061":{"default":1}}})", R"({"a":0})"), "-");
}

TEST(ArgsDefaults, WithoutDefaultsFillNothing) {
  EXPECT_EQ(fill("{}", "{}"), "-");
  EXPECT_EQ(fill(R"({"properties":{"a":true,"b":{"enum":[1]}},"default":{"c":1}})", "{}"), "-");
}

}  // namespace
}  // namespace nexus::panels
