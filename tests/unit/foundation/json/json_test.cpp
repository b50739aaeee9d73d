#include "nexus/foundation/json/json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "nexus/foundation/model/limits.h"

namespace nexus {
namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

std::string written_string(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string repaired(std::string text) {
  EXPECT_EQ(repair_and_check_json(text), JsonError::kNone) << text;
  return text;
}

Members members_of(std::string_view text) {
  Members members;
  EXPECT_TRUE(for_each_member(text, [&](std::string_view key, std::string_view value) {
    members.emplace_back(key, value);
  })) << text;
  return members;
}

TEST(JsonCheck, TakesEveryKindOfValueAtTheRoot) {
  for (const char* text :
       {"null", "true", "false", "0", "-0", "1.5e-3", "1E+9", "\"\"", "\"a\"", "[]", "{}", " [ ] ",
        "\t{\"a\"\n:\r1 , \"b\":[{}]} ", "[1,2,[3,{\"x\":null}]]", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"",
        "\"\xd0\xb6\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\"", "\"\x7f\""}) {
    EXPECT_EQ(check_json(text), JsonError::kNone) << text;
  }
}

TEST(JsonCheck, RejectsInvalidJson) {
  for (const char* text : {"",
                           " ",
                           "nul",
                           "nulll",
                           "True",
                           "undefined",
                           "NaN",
                           "01",
                           "-",
                           "1.",
                           ".5",
                           "1e",
                           "1e+",
                           "+1",
                           "0x10",
                           "'a'",
                           "\"",
                           "\"a",
                           "\"\\\"",
                           "\"\\x\"",
                           "\"\\u12g4\"",
                           "\"\\u123\"",
                           "\"\n\"",
                           "\"\t\"",
                           "[",
                           "]",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "[1}",
                           "{",
                           "}",
                           "{1:2}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":1]",
                           "{,}",
                           "1 2",
                           "[]]",
                           "{}{}",
                           "[1]//",
                           "/**/1",
                           "\xef\xbb\xbf{}",
                           "\xa0\x31"}) {
    EXPECT_EQ(check_json(text), JsonError::kMalformed) << text;
  }
  EXPECT_EQ(check_json(std::string_view("1\0", 2)), JsonError::kMalformed);
  EXPECT_EQ(check_json(std::string_view("\"\0\"", 3)), JsonError::kMalformed);
}

TEST(JsonCheck, RejectsInvalidUtf8) {
  for (const char* text : {"\"\xff\"", "\"\xc0\x80\"", "\"\xe2\x82\"", "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"", "\"\x80\"", "{\"\xc3\":1}"}) {
    EXPECT_EQ(check_json(text), JsonError::kMalformed) << text;
  }
}

TEST(JsonCheck, RejectsLoneSurrogateEscapes) {
  for (const char* text :
       {"\"\\ud800\"", "\"\\udc00\"", "\"\\ude00\\ud83d\"", "\"\\ud83d\\u0041\"", "\"\\ud83d"}) {
    EXPECT_EQ(check_json(text), JsonError::kMalformed) << text;
  }
}

// JSON.stringify(1e20) is 100000000000000000000, which parsers with 64-bit integers reject.
TEST(JsonCheck, TakesNumbersOfAnyMagnitude) {
  for (const char* text :
       {"100000000000000000000", "-99999999999999999999999999", "1e400", "1e-9999", "[1e999999]"}) {
    EXPECT_EQ(check_json(text), JsonError::kNone) << text;
  }
}

TEST(JsonCheck, ACheckCountsTheValues) {
  for (const auto& [text, values] : std::vector<std::pair<std::string, std::size_t>>{
           {"1", 1},
           {"[]", 1},
           {R"(["a,[{", "\"{"])", 3},
           {R"({"a": [1, {}, {"b": null}], "c": ","})", 7},
           {nested(100), 100},
       }) {
    std::size_t counted = 0;
    EXPECT_EQ(check_json(text, &counted), JsonError::kNone) << text;
    EXPECT_EQ(counted, values) << text;
  }
}

TEST(JsonCheck, CountsDepth) {
  EXPECT_EQ(check_json(nested(kMaxJsonDepth)), JsonError::kNone);
  EXPECT_EQ(check_json(nested(kMaxJsonDepth + 1)), JsonError::kTooDeep);
  EXPECT_EQ(check_json(nested(1'000'000)), JsonError::kTooDeep);
  EXPECT_EQ(check_json(std::string(1'000'000, '[')), JsonError::kTooDeep);
  std::string objects;
  for (int i = 0; i < kMaxJsonDepth; ++i)
    objects += "{\"a\":";
  EXPECT_EQ(check_json(objects + "1" + std::string(kMaxJsonDepth, '}')), JsonError::kNone);
  EXPECT_EQ(check_json(objects + "{}" + std::string(kMaxJsonDepth, '}')), JsonError::kTooDeep);
  std::string wide = "[";
  for (int i = 0; i < 1000; ++i)
    wide += "[],";
  EXPECT_EQ(check_json(wide + "[]]"), JsonError::kNone);
}

TEST(JsonCheck, ReadsNothingBeyondTheText) {
  const std::string text = R"({"key":["plain text longer than a word","\u0041\n",-12.5e3,true,null,{}]})";
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::vector<char> exact(text.begin(),
                                  text.begin() + static_cast<std::ptrdiff_t>(size));  // for the sanitizer
    EXPECT_EQ(check_json({exact.data(), exact.size()}), JsonError::kMalformed) << size;
  }
  EXPECT_EQ(check_json(text), JsonError::kNone);
}

TEST(JsonRepair, ReplacesLoneSurrogates) {
  EXPECT_EQ(repaired("\"\\ud800\""), "\"\\ufffd\"");
  EXPECT_EQ(repaired("\"\\uDFFFx\\uD83D\""), "\"\\ufffdx\\ufffd\"");
  EXPECT_EQ(repaired("\"\\ud83d\\ud83d\\ude00\""), "\"\\ufffd\\ud83d\\ude00\"");
  EXPECT_EQ(repaired("\"\xed\xa0\x80\""), "\"\xef\xbf\xbd\"");
  EXPECT_EQ(repaired("\"a\xed\xbf\xbf"
                     "b\""),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(repaired("\"\xed\xa0\xbd\xed\xb8\x80\""), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(repaired("{\"\xed\xa0\x80\":\"\\udc00\"}"), "{\"\xef\xbf\xbd\":\"\\ufffd\"}");
}

TEST(JsonRepair, LeavesOtherTextUnchanged) {
  for (const char* text : {"\"\\ud83d\\ude00\"", "\"\\\\ud800\"", "\"\\\\\\\\udc00\"", "\"\xed\x9f\xbf\"",
                           "\"\xee\x80\x80\"", "1", "\"\\u0041\\n\xf0\x9f\x98\x80\""}) {
    EXPECT_EQ(repaired(text), text);
  }
}

TEST(JsonRepair, KeepsInvalidJsonInvalid) {
  for (const char* text : {"", "1}", "\"\xed\xa0\"", "\"\xed\xa0", "\"\xed", "\"\\ud8", "\"\\ud83d\\", "\\",
                           "\"\xff\"", "{\"a\":1},"}) {
    std::string forged = text;
    EXPECT_EQ(repair_and_check_json(forged), JsonError::kMalformed) << text;
  }
  std::string deep = nested(kMaxJsonDepth + 1);
  EXPECT_EQ(repair_and_check_json(deep), JsonError::kTooDeep);
}

TEST(JsonString, EscapesQuotesBackslashesAndControls) {
  EXPECT_EQ(written_string(""), "\"\"");
  EXPECT_EQ(written_string("plain text that is longer than a word"),
            "\"plain text that is longer than a word\"");
  EXPECT_EQ(written_string("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
  EXPECT_EQ(written_string("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"");
  EXPECT_EQ(written_string(std::string_view("\0\x01\x1f\x7f", 4)), "\"\\u0000\\u0001\\u001f\x7f\"");
  EXPECT_EQ(written_string("\xd0\xb6\xf0\x9f\x98\x80"), "\"\xd0\xb6\xf0\x9f\x98\x80\"");
}

TEST(JsonString, ReplacesInvalidUtf8) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(written_string("a\xff"
                           "b"),
            "\"a" + r + "b\"");
  EXPECT_EQ(written_string("\xc0\x80"), "\"" + r + r + "\"");
  EXPECT_EQ(written_string("\xe2\x82"), "\"" + r + "\"");
  EXPECT_EQ(written_string("\xf0\x9f\x98"), "\"" + r + "\"");
  EXPECT_EQ(written_string("\xf0\x9f\x98\x22"), "\"" + r + "\\\"\"");
  EXPECT_EQ(written_string("\xed\xa0\x80"), "\"" + r + "\"");
  EXPECT_EQ(written_string("\xf4\x90\x80\x80"), "\"" + r + r + r + r + "\"");
}

TEST(JsonString, AnyBytesGiveAValidStringOfTheCountedSize) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 40, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random() % 3 == 0 ? random() : random() % 128);
    const std::string written = written_string(bytes);
    ASSERT_EQ(check_json(written), JsonError::kNone) << written;
    ASSERT_EQ(json_string_size(bytes), written.size());
    if (simdjson::validate_utf8(bytes)) {
      ASSERT_EQ(members_of("{" + written + ":1}").at(0).first, bytes);
    }
  }
}

TEST(JsonMembers, KeysAreUnescapedAndValuesRaw) {
  const Members expected = {{"a", "1.0e5"},
                            {"b\n\"", "\"x,}\\\"\""},
                            {"", "[1, {\"c\" : 2}]"},
                            {"\xf0\x9f\x98\x80", "{ }"},
                            {"\xc3\xa9\xe2\x82\xac", "null"}};
  EXPECT_EQ(
      members_of(
          " { \"a\" : 1.0e5 ,\"b\\n\\\"\":\"x,}\\\"\", \"\" :\t[1, {\"c\" : 2}] ,\"\\ud83d\\ude00\":{ },"
          "\"\\u00e9\\u20AC\":null\n} "),
      expected);
  EXPECT_EQ(members_of("{}"), Members{});
  EXPECT_EQ(members_of(" { } "), Members{});
  EXPECT_EQ(members_of("{\"a\":-1}"), (Members{{"a", "-1"}}));
}

TEST(JsonMembers, KeepsDuplicates) {
  EXPECT_EQ(members_of("{\"a\":1,\"b\":2,\"\\u0061\":3}"), (Members{{"a", "1"}, {"b", "2"}, {"a", "3"}}));
}

TEST(JsonMembers, RejectsNonObjectsWithoutAnyCall) {
  for (const char* text : {"", "[]", "1", "\"{}\"", "null", "{\"a\":1,\"b\":}", "{\"a\":1}}", "{\"a\":1",
                           "{\"a\":\"\\ud800\"}"}) {
    int calls = 0;
    EXPECT_FALSE(for_each_member(text, [&](std::string_view, std::string_view) { ++calls; })) << text;
    EXPECT_EQ(calls, 0) << text;
  }
}

// Texts made of pieces of JSON with a few bytes changed; simdjson is the oracle.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::string text() {
    std::string out;
    value(out, 0);
    for (std::uint64_t changes = random_() % 3; changes > 0 && !out.empty(); --changes) {
      static constexpr std::string_view kBytes = "{}[]\",:\\u/0d9-+.eE tfn\n\x01\x80\xed\xa0\xff";
      const std::size_t at = random_() % out.size();
      switch (random_() % 3) {
        case 0:
          out.erase(at, 1);
          break;
        case 1:
          out.insert(at, 1, kBytes[random_() % kBytes.size()]);
          break;
        default:
          out[at] = kBytes[random_() % kBytes.size()];
      }
    }
    return out;
  }

 private:
  void value(std::string& out, int depth) {
    space(out);
    const std::uint64_t kind = random_() % (depth > 4 ? 5 : 8);
    if (kind < 2) string(out);
    if (kind == 2) out += std::to_string(static_cast<int>(random_() % 2000) - 1000);
    if (kind == 3) out += std::array{"0", "-0", "1.5", "2e3", "-3.25E-2", "4E+1"}[random_() % 6];
    if (kind == 4) out += std::array{"true", "false", "null"}[random_() % 3];
    if (kind >= 5) container(out, depth, kind == 5);
    space(out);
  }

  void container(std::string& out, int depth, bool is_array) {
    out += is_array ? '[' : '{';
    for (std::uint64_t i = 0, count = random_() % 4; i < count; ++i) {
      if (i > 0) out += ',';
      if (!is_array) {
        space(out);
        string(out);
        space(out);
        out += ':';
      }
      value(out, depth + 1);
    }
    space(out);
    out += is_array ? ']' : '}';
  }

  void string(std::string& out) {
    static constexpr std::array kPieces = {"a",
                                           "longer than eight",
                                           "\\n",
                                           "\\\"",
                                           "\\\\",
                                           "\\u0041",
                                           "\\ud83d\\ude00",
                                           "\\ud800",
                                           "\xd0\xb6",
                                           "\xe2\x82\xac",
                                           "\xf0\x9f\x98\x80",
                                           "\xed\x9f\xbf",
                                           "/",
                                           "}"};
    out += '"';
    for (std::uint64_t count = random_() % 4; count > 0; --count)
      out += kPieces[random_() % kPieces.size()];
    out += '"';
  }

  void space(std::string& out) {
    if (random_() % 8 == 0) out += " \t\r\n"[random_() % 4];
  }

  std::mt19937_64 random_;
};

TEST(JsonFuzz, AgreesWithSimdjson) {
  Generator generator(7);
  simdjson::dom::parser oracle;
  int valid = 0;
  constexpr int kRounds = 200'000;
  for (int round = 0; round < kRounds; ++round) {
    const std::string text = generator.text();
    const bool is_valid = check_json(text) == JsonError::kNone;
    const simdjson::error_code expected = oracle.parse(text).error();
    if (is_valid && expected == simdjson::NUMBER_ERROR)
      continue;  // out of simdjson's range, for example 2e300
    ASSERT_EQ(is_valid, expected == simdjson::SUCCESS) << text << "\n" << simdjson::error_message(expected);
    valid += is_valid ? 1 : 0;

    std::string mended = text;
    const JsonError fault = repair_and_check_json(mended);
    ASSERT_EQ(mended.size(), text.size());
    if (is_valid) {
      ASSERT_EQ(mended, text);
    }
    if (fault == JsonError::kNone) {
      const simdjson::error_code after = oracle.parse(mended).error();
      ASSERT_TRUE(after == simdjson::SUCCESS || after == simdjson::NUMBER_ERROR) << mended;
    }
  }
  EXPECT_GT(valid, kRounds / 10);
  EXPECT_LT(valid, kRounds - kRounds / 10);
}

TEST(JsonFuzz, MembersAgreeWithSimdjson) {
  Generator generator(8);
  simdjson::dom::parser oracle;
  int objects = 0;
  for (int round = 0; round < 100'000; ++round) {
    const std::string text = generator.text();
    simdjson::dom::object object;
    if (oracle.parse(text).get(object) != simdjson::SUCCESS) continue;
    ++objects;
    Members expected;
    for (const auto [key, value] : object)
      expected.emplace_back(key, simdjson::minify(value));
    Members seen;
    simdjson::dom::parser inner;
    ASSERT_TRUE(for_each_member(text, [&](std::string_view key, std::string_view value) {
      seen.emplace_back(key, simdjson::minify(inner.parse(value).value_unsafe()));
    }));
    ASSERT_EQ(seen, expected) << text;
  }
  EXPECT_GT(objects, 5'000);
}

}  // namespace
}  // namespace nexus
