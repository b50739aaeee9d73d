#include "nexus/runtime/panels/args_schema.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <functional>

#include "nexus/foundation/budget/bounded_ledger.h"

namespace nexus::panels {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::vector<std::string> shown(Validator validator) {
  std::vector<std::string> all;
  if (validator.empty()) return all;
  for (const ValidationError& error : std::move(validator).take().errors)
    all.push_back(error.path + ": " + error.message);
  return all;
}

std::vector<std::string> errors_of_schema(std::string_view schema) {
  Validator validator;
  const auto compiled = ArgsSchema::compile(schema, "args", validator);
  EXPECT_EQ(compiled == nullptr, !validator.empty());
  return shown(std::move(validator));
}

std::vector<std::string> check(std::string_view schema, std::string_view args) {
  Validator validator;
  const auto compiled = ArgsSchema::compile(schema, "args", validator);
  if (compiled) compiled->check(args, validator);
  return shown(std::move(validator));
}

// A schema, with values that it accepts and values that it rejects.
struct Case {
  const char* schema;
  std::vector<const char*> right;
  std::vector<const char*> wrong;
};

TEST(ArgsSchema, ChecksEachKeyword) {
  const auto cases = std::to_array<Case>({
      {R"({"type":"integer"})", {"1", "1.0", "-3e2"}, {"1.5", "\"1\"", "null", "{}"}},
      {R"({"type":["string","null"]})", {"\"\"", "null"}, {"0", "[]"}},
      {R"({"enum":[1,"a",{"b":[2]}]})", {"1.0", "\"a\"", R"({"b":[2]})"}, {"2", R"({"b":[2,3]})", "true"}},
      {R"({"const":{"a":1,"b":0}})", {R"({"b":-0.0,"a":1})"}, {R"({"a":1})", R"({"a":1,"b":false})"}},
      {R"({"minimum":1,"exclusiveMaximum":3})", {"1", "2.9", "\"x\""}, {"0.9", "3"}},
      {R"({"exclusiveMinimum":1,"maximum":3})", {"1.1", "3"}, {"1", "3.1"}},
      {R"({"multipleOf":0.1})", {"0.3", "12", "0", "1e300"}, {"0.35", "1e-300"}},
      {R"({"minLength":2,"maxLength":3})", {"\"ab\"", "\"\\ud83d\\ude00b\"", "7"}, {"\"a\"", "\"abcd\""}},
      {R"({"pattern":"^\\d{2}$"})", {"\"12\"", "12"}, {"\"123\"", "\"\\u0661\\u0662\""}},
      {R"({"minItems":1,"maxItems":2})", {"[1]", "[1,2]", "{}"}, {"[]", "[1,2,3]"}},
      {R"({"uniqueItems":true})", {"[1,\"1\",[1]]", "[]"}, {"[1,2,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])"}},
      {R"({"prefixItems":[{"type":"string"}],"items":{"type":"number"}})",
       {"[\"a\",1,2]", "[]"},
       {"[1]", "[\"a\",\"b\"]"}},
      {R"({"items":false})", {"[]"}, {"[1]"}},
      {R"({"contains":{"const":1},"minContains":2,"maxContains":3})", {"[1,0,1]"}, {"[1]", "[1,1,1,1]"}},
      {R"({"contains":{"const":1},"minContains":0})", {"[]"}, {}},
      {R"({"required":["a","b"]})", {R"({"a":null,"b":1})", "[]"}, {R"({"a":1})", "{}"}},
      {R"({"minProperties":1,"maxProperties":1})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":1})"}},
      {R"({"properties":{"a":{"type":"number"}},"patternProperties":{"^x":{"type":"string"}},"additionalProperties":false})",
       {R"({"a":1,"x1":"s"})", "{}"},
       {R"({"a":"1"})", R"({"x1":1})", R"({"b":1})"}},
      {R"({"propertyNames":{"maxLength":2}})", {R"({"ab":1})"}, {R"({"abc":1})"}},
      {R"({"dependentRequired":{"a":["b"]}})", {R"({"a":1,"b":1})", R"({"b":1})"}, {R"({"a":1})"}},
      {R"({"dependentSchemas":{"a":{"required":["b"]}}})", {R"({"a":1,"b":1})", "{}"}, {R"({"a":1})"}},
      {R"({"allOf":[{"minimum":1},{"maximum":2}]})", {"1.5"}, {"0", "3"}},
      {R"({"anyOf":[{"minimum":5},{"maximum":2}]})", {"1", "6"}, {"3"}},
      {R"({"oneOf":[{"minimum":1},{"maximum":2}]})", {"0", "3"}, {"1.5"}},
      {R"({"not":{"type":"null"}})", {"1"}, {"null"}},
      {R"({"if":{"type":"number"},"then":{"minimum":1},"else":{"type":"string"}})",
       {"1", "\"a\""},
       {"0", "null"}},
      {R"({"then":false,"else":false})", {"1"}, {}},
      {R"({"unevaluatedProperties":false,"allOf":[{"properties":{"a":true}}],"anyOf":[{"properties":{"b":{"const":1}},"required":["b"]},{"properties":{"c":true}}]})",
       {R"({"a":1,"c":1})", R"({"b":1,"c":1})"},
       {R"({"b":2})", R"({"d":1})"}},
      {R"({"unevaluatedItems":false,"prefixItems":[true],"contains":{"const":1}})",
       {"[0,1]", "[1]"},
       {"[0,1,2]"}},
      {R"({"$ref":"#/$defs/a~1b%20c","minimum":2,"$defs":{"a/b c":{"maximum":3}}})", {"2", "3"}, {"1", "4"}},
      {R"({"$ref":"#pos","$defs":{"p":{"$anchor":"pos","minimum":1}}})", {"1"}, {"0"}},
      {R"({"$ref":"#/x/y/0","x":{"y":[{"type":"null"}]}})", {"null"}, {"1"}},
      {R"({"properties":{"next":{"$ref":"#"}},"required":["v"]})",
       {R"({"v":1,"next":{"v":2}})"},
       {R"({"v":1,"next":{}})"}},
      {R"({"$dynamicAnchor":"n","properties":{"next":{"$dynamicRef":"#n"}},"required":["v"]})",
       {R"({"v":1,"next":{"v":2}})"},
       {R"({"v":1,"next":{}})"}},
      // The outer list defines its items; the anchor replaces the one of the list that it refers to.
      {R"({"$id":"x:a","$ref":"#/$defs/list","$defs":{"s":{"$dynamicAnchor":"item","type":"string"},
           "list":{"$id":"x:list","items":{"$dynamicRef":"#item"},"$defs":{"any":{"$dynamicAnchor":"item"}}}}})",
       {"[\"a\"]"},
       {"[1]"}},
      {R"({"format":"email","contentEncoding":"base64","title":"t","x-own":7})", {"\"no address\""}, {}},
  });
  for (const Case& one : cases) {
    for (const char* args : one.right)
      EXPECT_THAT(check(one.schema, args), IsEmpty()) << one.schema << " " << args;
    for (const char* args : one.wrong)
      EXPECT_FALSE(check(one.schema, args).empty()) << one.schema << " " << args;
  }
}

TEST(ArgsSchema, NamesThePlaceAndTheRule) {
  constexpr auto kSchema =
      R"({"type":"object","additionalProperties":false,"required":["city","when"],"properties":{
      "city":{"type":"string","minLength":2},"days":{"type":"integer","maximum":14},"when":{"pattern":"^\\d+$"},
      "units":{"enum":["metric","imperial"]},"stops":{"items":{"type":["string","null"]}}}})";
  EXPECT_THAT(
      check(kSchema, R"({"city":"x","days":20,"units":"old","stops":["a",7],"extra":1})"),
      UnorderedElementsAre("when: is missing", "city: must have at least 2 characters, and has 1",
                           "days: must be at most 14", "units: must be one of \"metric\", \"imperial\"",
                           "stops[1]: must be null or a string", "extra: is not allowed"));
  EXPECT_THAT(check(kSchema, "[]"), ElementsAre(": must be an object"));
  EXPECT_THAT(check(R"({"dependentRequired":{"a":["b"]}})", R"({"a":1})"),
              ElementsAre("b: is missing beside \"a\""));
  EXPECT_THAT(check(R"({"oneOf":[true,true]})", "1"),
              ElementsAre(": must match one schema of oneOf, and matches several"));
}

TEST(ArgsSchema, TheLastOfEqualMembersCounts) {
  EXPECT_THAT(check(R"({"properties":{"a":{"type":"number"}}})", R"({"a":"x","a":1})"), IsEmpty());
  EXPECT_FALSE(check(R"({"properties":{"a":{"type":"number"}}})", R"({"a":1,"\u0061":"x"})").empty());
}

// engine/schema/tests has the other errors of schemas.
TEST(ArgsSchema, NamesEachKeywordWithAWrongValue) {
  EXPECT_THAT(errors_of_schema(
                  R"({"type":"text","properties":{"b":7,"a":{"minLength":-1}},"minItems":1,"minItems":1})"),
              ElementsAre("args.type: must be one of null, boolean, object, array, number, string, integer",
                          "args.properties.b: must be a schema: an object, true or false",
                          "args.properties.a.minLength: must be a whole number, 0 or more",
                          "args.minItems: is there twice"));
  EXPECT_THAT(errors_of_schema(R"({"const":)" + std::string(32, '[') + std::string(32, ']') + "}"),
              ElementsAre("args: must be nested at most 32 levels deep, and is 33"));
}

TEST(ArgsSchema, CountsTheErrorsThatItDoesNotList) {
  std::string schema = R"({"title":1)";
  for (int n = 0; n < 150; ++n)
    schema += R"(,"title":1)";
  Validator validator;
  EXPECT_EQ(ArgsSchema::compile(schema + "}", "args", validator), nullptr);
  const ValidationErrors invalid = std::move(validator).take();
  EXPECT_EQ(invalid.errors.size(), 100);
  EXPECT_EQ(invalid.unlisted, 51);
}

TEST(ArgsSchema, RejectsReferencesToOtherDocumentsOrNowhere) {
  EXPECT_THAT(errors_of_schema(R"({"properties":{"a":{"$ref":"https://example.org/x"}}})"),
              ElementsAre(HasSubstr("args.properties.a.$ref: must begin with #")));
  EXPECT_THAT(errors_of_schema(R"({"items":{"$ref":"#/$defs/none"}})"),
              ElementsAre("args.items.$ref: leads to nothing in this schema"));
  EXPECT_THAT(errors_of_schema(R"({"$ref":"#/title","title":"t"})"),
              ElementsAre("args.$ref: leads to what is no schema"));
}

TEST(ArgsSchema, RejectsEndlessRecursion) {
  for (const char* schema :
       {R"({"$ref":"#"})", R"({"anyOf":[true,{"$ref":"#"}]})",
        R"({"$dynamicAnchor":"a","not":{"$dynamicRef":"#a"}})",
        R"({"$ref":"#/$defs/a","$defs":{"a":{"if":{"$ref":"#/$defs/b"}},"b":{"$ref":"#/$defs/a"}}})",
        R"({"$ref":"#/$defs/a","$defs":{"a":{"dependentSchemas":{"x":{"$ref":"#/$defs/a"}}}}})"}) {
    EXPECT_THAT(errors_of_schema(schema), ElementsAre(HasSubstr("without going into the value"))) << schema;
  }
}

TEST(ArgsSchema, RejectsPatternsWithoutLinearTime) {
  EXPECT_THAT(errors_of_schema(R"({"pattern":"(a)\\1"})"),
              ElementsAre("args.pattern: is not a regular expression that can be matched in linear time"));
  EXPECT_THAT(errors_of_schema(R"j({"patternProperties":{"a(?=b)":true}})j"),
              ElementsAre(HasSubstr("args.patternProperties.a(?=b): is not a regular expression")));
  EXPECT_THAT(errors_of_schema(R"({"pattern":"("})"),
              ElementsAre("args.pattern: is not a regular expression"));
  EXPECT_THAT(errors_of_schema(R"({"pattern":"((a{100}){100}){100}"})"),
              ElementsAre("args.pattern: takes more than 524288 bytes compiled"));
}

TEST(ArgsSchema, LimitsLengthAndNumberOfPatterns) {
  const auto pattern = [](std::size_t bytes) {
    return fmt::format(R"({{"pattern":"{}"}})", std::string(bytes, 'a'));
  };
  EXPECT_THAT(errors_of_schema(pattern(2047)), IsEmpty());
  EXPECT_THAT(errors_of_schema(pattern(2048)), IsEmpty());
  EXPECT_THAT(errors_of_schema(pattern(2049)),
              ElementsAre(HasSubstr("args.pattern: must be at most 2048 bytes")));
  std::string many = R"({"allOf":[true)";
  for (int n = 0; n < 2000; ++n)
    many += fmt::format(R"(,{{"pattern":"{}"}})", n);
  EXPECT_THAT(errors_of_schema(many + "]}"),
              ElementsAre(HasSubstr("makes the schema take more than 2097152 bytes")));
}

TEST(ArgsSchema, MatchesAPatternThatWouldBacktrack) {
  std::string text = "\"";
  for (int n = 0; n < 25'000; ++n)
    text += "ab";
  EXPECT_THAT(check(R"({"pattern":"^(a|b)*$"})", text + "\""), IsEmpty());
  EXPECT_THAT(check(R"({"pattern":"^(a|b)*$"})", text + "c\""),
              ElementsAre(": must match the pattern \"^(a|b)*$\""));
}

// {"$defs":{"a0":link("#/$defs/a1"),...},"$ref":"#/$defs/a0"}
std::string chain(int length, const std::function<std::string(std::string)>& link, const std::string& last,
                  const std::string& more = "") {
  std::string schema = R"({"$ref":"#/$defs/a0",)" + more + R"("$defs":{)";
  for (int n = 0; n < length; ++n)
    schema += fmt::format(R"("a{}":{},)", n, link(fmt::format(R"({{"$ref":"#/$defs/a{}"}})", n + 1)));
  return schema + fmt::format(R"("a{}":{}}}}})", length, last);
}

std::string deep(int levels, const std::string& leaf) {
  std::string value;
  for (int level = 0; level < levels; ++level)
    value += R"({"a":)";
  return value + leaf + std::string(static_cast<std::size_t>(levels), '}');
}

// A naive checker would take 2 or more to the power of the length for each of these.
TEST(ArgsSchema, LimitsExponentialWork) {
  for (const char* keyword : {"anyOf", "allOf", "oneOf"}) {
    const auto fork = [&](const std::string& to) {
      return fmt::format(R"({{"{}":[{},{}]}})", keyword, to, to);
    };
    EXPECT_FALSE(check(chain(300, fork, R"({"type":"string"})"), "{}").empty());
    EXPECT_THAT(check(chain(300, fork, R"({"properties":{"x":true}})", R"("unevaluatedProperties":false,)"),
                      R"({"x":1,"y":2})"),
                ElementsAre(HasSubstr("steps")));
  }
  const std::string again = R"({"$ref":"#"},{"$ref":"#"},{"$ref":"#"})";
  EXPECT_THAT(check(R"({"required":["a"],"properties":{"a":{"anyOf":[)" + again + "]}}}", deep(100, "{}")),
              ElementsAre("a: must match one schema of anyOf or more"));
  EXPECT_THAT(
      check(
          R"({"$dynamicAnchor":"n","required":["a"],"properties":{"a":{"anyOf":[{"$dynamicRef":"#n"},{"$dynamicRef":"#n"}]}}})",
          deep(100, "{}")),
      ElementsAre(HasSubstr("steps")));
}

TEST(ArgsSchema, LimitsDepth) {
  const auto link = [](const std::string& to) { return to; };
  const auto around = R"({"required":["a"],"properties":{"a":{"$ref":"#"}}})";
  EXPECT_THAT(check(chain(2000, link, R"({"type":"object"})"), "{}"),
              ElementsAre(HasSubstr("within each other")));
  EXPECT_THAT(check(chain(1000, link, R"({"type":"object"})"), "{}"), IsEmpty());
  EXPECT_THAT(check(chain(1000, link, around), deep(120, "{}")), ElementsAre(HasSubstr("within each other")));
  EXPECT_THAT(check(chain(5, link, around), deep(120, "{}")), ElementsAre(HasSubstr("a.a.a: is missing")));
}

TEST(ArgsSchema, LimitsWideSchemasOnWideValues) {
  std::string schema = R"({"items":{"allOf":[true)", value = "[0";
  for (int n = 0; n < 3000; ++n)
    schema += R"(,{"type":"number"})";
  for (int n = 0; n < 100'000; ++n)
    value += ",1";
  EXPECT_THAT(check(schema + "]}}", value + "]"), ElementsAre(HasSubstr("steps")));
  EXPECT_THAT(check(R"({"items":{"type":"number"}})", value + "]"), IsEmpty());
}

// Alternatives with a constant that tells them apart. A checker that does not look at it first visits all alternatives
// at each level.
TEST(ArgsSchema, ChecksATreeOfAlternatives) {
  constexpr auto kSchema = R"({"$ref":"#/$defs/e","$defs":{"e":{"oneOf":[{"type":"number"},
      {"properties":{"op":{"const":"+"},"left":{"$ref":"#/$defs/e"}},"required":["op","left"],"type":"object"},
      {"properties":{"op":{"const":"-"},"left":{"$ref":"#/$defs/e"}},"required":["op","left"],"type":"object"}]}}})";
  std::string value, end;
  for (int n = 0; n < 100; ++n) {
    value += R"({"left":)";
    end += n % 2 == 0 ? R"(,"op":"+"})" : R"(,"op":"-"})";
  }
  EXPECT_THAT(check(kSchema, value + "1" + end), IsEmpty());
  EXPECT_FALSE(check(kSchema, value + "null" + end).empty());
}

TEST(ArgsSchema, ListsAtMostTwentyFaults) {
  std::string value = "[0";
  for (int n = 0; n < 100; ++n)
    value += ",0";
  EXPECT_EQ(check(R"({"items":{"type":"string"}})", value + "]").size(), 20);
}

TEST(ArgsSchemas, ShareEqualTexts) {
  budget::UnlimitedLedger ledger;
  ArgsSchemas schemas(1 << 20, ledger);
  const std::string text = R"({"type":"object"})";
  const auto first = schemas.get(text);
  ASSERT_TRUE(first);
  EXPECT_EQ(schemas.get(text), first);
  EXPECT_NE(schemas.get(R"({"type": "object"})"), first);
  EXPECT_EQ(schemas.get(R"({"$ref":"#"})"), nullptr);
}

TEST(ArgsSchemas, EvictTheLeastRecentlyUsed) {
  budget::UnlimitedLedger ledger;
  ArgsSchemas schemas(40'000, ledger);
  const auto text = [](int n) { return fmt::format(R"({{"title":"{}","pattern":"a"}})", n); };
  const auto first = schemas.get(text(0)), second = schemas.get(text(1));
  for (int n = 2; n < 100; ++n) {
    schemas.get(text(n));
    EXPECT_EQ(schemas.get(text(0)), first);
    EXPECT_LE(schemas.bytes(), 40'000);
  }
  EXPECT_NE(schemas.get(text(1)), second);
}

TEST(ArgsSchemas, AreChargedAndNotKeptWithoutMemory) {
  budget::BoundedLedger ledger;
  const auto text = [](int n) { return fmt::format(R"({{"title":"{}","pattern":"a"}})", n); };
  {
    ArgsSchemas schemas(1 << 20, ledger);
    const auto first = schemas.get(text(0));
    EXPECT_EQ(ledger.granted(budget::Kind::kServer), schemas.bytes());
    EXPECT_GT(schemas.bytes(), first->bytes());
    const std::uint64_t room = 2 * schemas.bytes() + 10;
    ledger.set(room, {}, {});
    for (int n = 1; n < 10; ++n)
      schemas.get(text(n));
    EXPECT_LE(schemas.bytes(), room);
    EXPECT_EQ(schemas.get(text(9)), schemas.get(text(9)));
    EXPECT_NE(schemas.get(text(0)), first) << "it has made room";
    ledger.set(10, {}, {});
    schemas.get(text(10));
    EXPECT_LE(schemas.bytes(), room) << "in the place of another";
  }
  ArgsSchemas none(1 << 20, ledger);
  ASSERT_TRUE(none.get(text(10))) << "it is compiled all the same";
  EXPECT_EQ(none.bytes(), 0);
  EXPECT_EQ(ledger.granted(budget::Kind::kServer), 0);
  ledger.set(budget::kUnlimited, {}, {});
  ArgsSchemas(1 << 20, ledger).get(text(0));
  EXPECT_EQ(ledger.granted(budget::Kind::kServer), 0) << "given back when they go";
}

}  // namespace
}  // namespace nexus::panels
