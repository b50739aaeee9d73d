#include "nexus/runtime/panels/schema_shape.h"

#include <gmock/gmock.h>

namespace nexus::panels {
namespace {

using testing::ElementsAre;

std::vector<std::string> paths_of(std::string_view schema) {
  Faults faults;
  check_schema_shape(schema, "args", faults);
  std::vector<std::string> paths;
  if (faults.empty()) return paths;
  for (const Fault& fault : std::move(faults).take().faults)
    paths.push_back(fault.path);
  return paths;
}

std::string nested(int depth) {
  std::string schema;
  for (int level = 1; level < depth; ++level)
    schema += R"({"not":)";
  return schema + "{}" + std::string(static_cast<std::size_t>(depth - 1), '}');
}

TEST(SchemaShape, TakesWhatTheDialectHas) {
  for (const char* schema :
       {"{}",
        R"({"type":"object","properties":{"a":{"type":["string","null"],"minLength":2.0}},"required":["a"]})",
        R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$defs":{"x":true},"$ref":"#/$defs/x"})",
        R"({"allOf":[true,{"not":false}],"enum":[],"const":{"$ref":"http://x/"},"examples":[1]})",
        R"({"multipleOf":0.1,"minimum":-1e3,"dependentRequired":{"a":["b"]},"unevaluatedProperties":false})",
        R"({"x-ours":[{"type":7}],"default":{"type":7},"pattern":"^(a|b)*$","format":"email"})"}) {
    EXPECT_THAT(paths_of(schema), ElementsAre()) << schema;
  }
}

TEST(SchemaShape, NamesWhatAKeywordCannotHave) {
  EXPECT_THAT(paths_of(R"({"type":"text","properties":{"a":{"type":["string",1]},"b":7},"required":"a"})"),
              ElementsAre("args.type", "args.properties.a.type[1]", "args.properties.b", "args.required"));
  EXPECT_THAT(
      paths_of(R"({"minLength":-1,"maxItems":1.5,"multipleOf":0,"minimum":"1","uniqueItems":1})"),
      ElementsAre("args.minLength", "args.maxItems", "args.multipleOf", "args.minimum", "args.uniqueItems"));
  EXPECT_THAT(
      paths_of(R"({"anyOf":[],"oneOf":{},"items":[{}],"title":1,"enum":{},"$vocabulary":[]})"),
      ElementsAre("args.anyOf", "args.oneOf", "args.items", "args.title", "args.enum", "args.$vocabulary"));
  EXPECT_THAT(paths_of(R"({"type":[],"properties":{"a":{"type":["null","string","null"]}}})"),
              ElementsAre("args.type", "args.properties.a.type[2]"));
  EXPECT_THAT(paths_of(R"({"dependentRequired":{"a":"b"},"minLength":1,"minLength":2})"),
              ElementsAre("args.dependentRequired.a", "args.minLength"));
}

TEST(SchemaShape, LooksNothingUpOutsideOfItself) {
  EXPECT_THAT(paths_of(R"({"items":{"$ref":"https://example.org/x.json"},"$dynamicRef":"other"})"),
              ElementsAre("args.items.$ref", "args.$dynamicRef"));
  EXPECT_THAT(paths_of(R"({"$schema":"http://json-schema.org/draft-07/schema#"})"),
              ElementsAre("args.$schema"));
}

TEST(SchemaShape, IsBoundedInDepthAndSize) {
  EXPECT_THAT(paths_of(nested(32)), ElementsAre());
  EXPECT_THAT(paths_of(nested(33)), ElementsAre("args"));
  EXPECT_THAT(paths_of(R"({"const":)" + std::string(32, '[') + std::string(32, ']') + "}"),
              ElementsAre("args"));
  EXPECT_THAT(paths_of(R"({"const":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[["})"), ElementsAre());
  const std::string frame = R"({"description":""})";
  const auto sized = [&](std::size_t bytes) {
    return R"({"description":")" + std::string(bytes - frame.size(), 'x') + "\"}";
  };
  EXPECT_THAT(paths_of(sized(64 << 10)), ElementsAre());
  EXPECT_THAT(paths_of(sized((64 << 10) + 1)), ElementsAre("args"));
}

}  // namespace
}  // namespace nexus::panels
