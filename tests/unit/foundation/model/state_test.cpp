#include "nexus/foundation/model/state.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "nexus/foundation/json/json.h"

namespace nexus {
namespace {

State parsed(std::string_view text) {
  Result<State> state = State::parse(text);
  EXPECT_TRUE(state.has_value()) << text;
  return state ? std::move(*state) : State();
}

TEST(State, KeepsTextsAndOrder) {
  const State state = parsed(R"( {"b" : 1.0e5, "a":[1, 2] ,"\u00e9":"x"} )");
  EXPECT_EQ(state.to_json(), "{\"b\":1.0e5,\"a\":[1, 2],\"\xc3\xa9\":\"x\"}");
  EXPECT_EQ(state.keys(), (std::vector<std::string_view>{"b", "a", "\xc3\xa9"}));
  EXPECT_EQ(*state.find("a"), "[1, 2]");
  EXPECT_EQ(state.find("c"), nullptr);
}

TEST(State, LastOfDuplicateKeysCounts) {
  EXPECT_EQ(parsed(R"({"a":1,"b":2,"a":3})").to_json(), R"({"a":3,"b":2})");
}

TEST(State, RejectsNonObjects) {
  for (const char* text : {"", "[]", "null", "{", "{\"a\":1,}"}) {
    const Result<State> state = State::parse(text);
    ASSERT_FALSE(state.has_value()) << text;
    EXPECT_EQ(state.error().code, ErrorCode::kInvalidRequest);
  }
  EXPECT_EQ(State::parse("[]").error().message, "the state is not a JSON object");
  EXPECT_EQ(
      State::parse("{\"a\":" + std::string(200, '[') + "1" + std::string(200, ']') + "}").error().message,
      "the state is nested too deeply");
}

TEST(State, KeyKeepsPlaceUntilErased) {
  State state = parsed(R"({"a":1,"b":2})");
  state.set("a", "3");
  EXPECT_EQ(state.to_json(), R"({"a":3,"b":2})");
  EXPECT_TRUE(state.erase("a"));
  EXPECT_FALSE(state.erase("a"));
  state.set("a", "4");
  EXPECT_EQ(state.to_json(), R"({"b":2,"a":4})");
}

TEST(State, AnyNameIsAKey) {
  State state;
  for (const std::string_view key :
       {std::string_view("__proto__"), std::string_view("constructor"), std::string_view(""),
        std::string_view("\0", 1), std::string_view("a\"b")}) {
    state.set(key, "1");
    EXPECT_EQ(*state.find(key), "1");
  }
  EXPECT_EQ(parsed(state.to_json()).to_json(), state.to_json());
}

TEST(State, BytesIsSizeOfJson) {
  State state;
  EXPECT_EQ(state.bytes(), 2u);
  state.set("a\n", "12");
  EXPECT_EQ(state.bytes(), std::string_view(R"({"a\n":12})").size());
  const std::uint64_t one = state.bytes();
  state.set("b", "true");
  EXPECT_EQ(state.bytes(), one + State::member_bytes("b", "true"));
  EXPECT_TRUE(state.erase("a\n"));
  EXPECT_TRUE(state.erase("b"));
  EXPECT_EQ(state.bytes(), 2u);
}

TEST(State, ACopyIsIndependent) {
  const State before = parsed(R"({"a":1})");
  State after = before;
  after.set("a", "2");
  after.set("b", "3");
  EXPECT_EQ(before.to_json(), R"({"a":1})");
  EXPECT_EQ(after.to_json(), R"({"a":2,"b":3})");
}

TEST(State, FuzzAgreesWithListOfPairs) {
  std::mt19937_64 random(3);
  State state;
  std::vector<std::pair<std::string, std::string>> twin;
  const std::vector<std::string> keys = {"a",  "b", "\"q\"", "\xd0\xb6", "long key that is no small string",
                                         "\n", ""};
  for (int step = 0; step < 100'000; ++step) {
    const std::string& key = keys[random() % keys.size()];
    const auto at = std::ranges::find(twin, key, &std::pair<std::string, std::string>::first);
    if (random() % 3 == 0) {
      ASSERT_EQ(state.erase(key), at != twin.end());
      if (at != twin.end()) twin.erase(at);
    } else {
      const std::string value = std::to_string(random() % 100'000);
      if (random() % 2 == 0) {
        state.set(key, value);
      } else {
        std::vector<StateMutation> mutations = {{key, value}, {"not there", std::nullopt}};
        state.apply(mutations);
      }
      if (at == twin.end()) {
        twin.emplace_back(key, value);
      } else {
        at->second = value;
      }
    }
    std::string expected;
    for (const auto& [name, value] : twin) {
      expected += expected.empty() ? "{" : ",";
      append_json_string(expected, name);
      expected += ":" + value;
    }
    expected += expected.empty() ? "{}" : "}";
    ASSERT_EQ(state.to_json(), expected);
    ASSERT_EQ(state.bytes(), expected.size());
    ASSERT_EQ(state.size(), twin.size());
  }
}

}  // namespace
}  // namespace nexus
