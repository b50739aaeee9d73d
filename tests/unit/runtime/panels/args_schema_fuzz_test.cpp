// Random schemas and values: each check must end, and related checks must agree. NEXUS_FUZZ_STEPS is the number of
// steps, NEXUS_FUZZ_SEED the seed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "nexus/foundation/json/json.h"
#include "nexus/runtime/panels/args_schema.h"
#include "support/steps.h"

namespace nexus::panels {
namespace {

// Writes schemas and values from the same few names and values, so that they often match.
class Writer {
 public:
  explicit Writer(std::uint64_t seed) : random_(seed) {}

  std::string value(int depth) {
    switch (below(depth > 0 ? 8 : 6)) {
      case 0:
        return pick({"0", "1", "2", "1.0", "0.5", "-3", "1e2"});
      case 1:
        return pick({"null", "true", "false"});
      case 2:
      case 3:
        return name();
      case 4:
        return "{}";
      case 5:
        return "[]";
      case 6:
        return list('[', ']', [&] { return value(depth - 1); });
      default:
        return list('{', '}', [&] { return name() + ":" + value(depth - 1); });
    }
  }

  std::string schema(int depth) {
    if (below(12) == 0) return pick({"true", "false", "{}"});
    std::string text = "{";
    for (int keyword : distinct()) {
      if (text.size() > 1) text += ',';
      text += member(keyword, depth - 1);
    }
    return text + "}";
  }

 private:
  static constexpr int kKeywords = 28;

  std::size_t below(std::size_t bound) { return random_() % bound; }
  std::string pick(std::initializer_list<const char*> all) { return all.begin()[below(all.size())]; }
  std::string name() { return pick({"\"a\"", "\"b\"", "\"ab\"", "\"\\u00e4\"", "\"\""}); }
  std::string number() { return pick({"0", "1", "2", "3"}); }

  template <class One>
  std::string list(char opening, char closing, One one) {
    std::string text(1, opening);
    for (std::size_t left = below(4); left > 0; --left)
      text += one() + (left > 1 ? "," : "");
    return text + closing;
  }

  std::vector<int> distinct() {
    std::vector<int> all(kKeywords);
    for (int at = 0; at < kKeywords; ++at)
      all[static_cast<std::size_t>(at)] = at;
    std::ranges::shuffle(all, random_);
    all.resize(1 + below(3));
    return all;
  }

  std::string named(int depth) { return fmt::format(R"({{"a":{},"b":{}}})", schema(depth), schema(depth)); }

  std::string member(int keyword, int depth) {
    if (depth <= 0) keyword %= 14;
    const auto inner = [&] { return schema(depth); };
    switch (keyword) {
      case 0:
        return R"("type":)" +
               pick({"\"object\"", "\"array\"", "\"string\"", "\"integer\"", R"(["null","number"])"});
      case 1:
        return fmt::format(R"("enum":[{},{}])", value(1), value(1));
      case 2:
        return R"("const":)" + value(2);
      case 3:
        return R"("minimum":)" + number();
      case 4:
        return R"("multipleOf":)" + pick({"1", "0.5", "2"});
      case 5:
        return R"("minLength":)" + number();
      case 6:
        return R"("pattern":)" + pick({R"("^a")", R"("(a|b)*$")", R"("^.{1,2}$")", R"("\\p{L}")"});
      case 7:
        return R"("maxItems":)" + number();
      case 8:
        return R"("uniqueItems":true)";
      case 9:
        return fmt::format(R"("required":[{}])", name());
      case 10:
        return R"("minProperties":)" + number();
      case 11:
        return R"("dependentRequired":{"a":["b"]})";
      case 12:
        return R"("$ref":"#/$defs/)" + pick({"a", "b"}) + "\"";
      case 13:
        return R"("$dynamicRef":"#d")";
      case 14:
        return fmt::format(R"("allOf":[{},{}])", inner(), inner());
      case 15:
        return fmt::format(R"("anyOf":[{},{}])", inner(), inner());
      case 16:
        return fmt::format(R"("oneOf":[{},{}])", inner(), inner());
      case 17:
        return R"("not":)" + inner();
      case 18:
        return fmt::format(R"("if":{},"then":{},"else":{})", inner(), inner(), inner());
      case 19:
        return R"("dependentSchemas":)" + named(depth);
      case 20:
        return R"("properties":)" + named(depth);
      case 21:
        return R"("patternProperties":{"^a":)" + inner() + "}";
      case 22:
        return R"("additionalProperties":)" + inner();
      case 23:
        return R"("propertyNames":)" + inner();
      case 24:
        return fmt::format(R"("prefixItems":[{}],"items":{})", inner(), inner());
      case 25:
        return fmt::format(R"("contains":{},"minContains":{})", inner(), number());
      case 26:
        return R"("unevaluatedProperties":)" + inner();
      default:
        return R"("unevaluatedItems":)" + inner();
    }
  }

  std::mt19937_64 random_;
};

enum class Verdict { kRefused, kRight, kWrong };

// `schema` is checked together with `definitions`, its $defs, one of which has the anchor "d". kRefused: the schema may
// refer back to itself.
Verdict verdict(const std::string& schema, const std::string& definitions, const std::string& value) {
  const std::string whole = fmt::format(R"({{"allOf":[{}],"$defs":{}}})", schema, definitions);
  Validator validator;
  const auto compiled = ArgsSchema::compile(whole, "args", validator);
  EXPECT_EQ(compiled == nullptr, !validator.empty()) << whole;
  if (!compiled) return Verdict::kRefused;
  compiled->check(value, validator);
  EXPECT_LE(validator.count(), 20) << whole << " " << value;
  return validator.empty() ? Verdict::kRight : Verdict::kWrong;
}

TEST(ArgsSchemaFuzz, RelatedChecksAgree) {
  Writer writer(nexus::testing::from_environment("NEXUS_FUZZ_SEED", 1));
  std::array<std::uint64_t, 3> seen{};
  for (std::uint64_t step = 0; step < nexus::testing::steps(1000); ++step) {
    const std::string schema = writer.schema(4), value = writer.value(4);
    const std::string definitions = fmt::format(R"({{"a":{},"b":{},"d":{{"$dynamicAnchor":"d","not":{}}}}})",
                                                writer.schema(2), writer.schema(2), writer.schema(2));
    ASSERT_EQ(check_json(schema), JsonError::kNone) << schema;
    const Verdict answer = verdict(schema, definitions, value);
    ++seen[static_cast<std::size_t>(answer)];
    if (answer == Verdict::kRefused) continue;
    const Verdict opposite = answer == Verdict::kRight ? Verdict::kWrong : Verdict::kRight;
    const auto same = [&](const char* form, Verdict expected) {
      EXPECT_EQ(verdict(fmt::format(fmt::runtime(form), fmt::arg("s", schema)), definitions, value), expected)
          << form << " " << schema << " " << definitions << " " << value;
    };
    same(R"({{"not":{s}}})", opposite);
    same(R"({{"allOf":[{s},{s}]}})", answer);
    same(R"({{"anyOf":[false,{s},{s}],"unevaluatedItems":true}})", answer);
    same(R"({{"oneOf":[{s},{s}]}})", Verdict::kWrong);
    same(R"({{"oneOf":[false,{s}]}})", answer);
    same(R"({{"if":{s},"else":false}})", answer);
    same(R"({{"if":{s},"then":false}})", opposite);
    same(R"({{"not":{{"not":{s}}},"unevaluatedProperties":true}})", answer);
    if (::testing::Test::HasFailure()) return;
  }
  for (const std::uint64_t count : seen)
    EXPECT_GT(count, 0);
}

}  // namespace
}  // namespace nexus::panels
