#include "nexus/runtime/panels/event_pattern.h"

#include <gtest/gtest.h>

#include <random>

namespace nexus::panels {
namespace {

TEST(EventPattern, AStarMatchesAnyCharacters) {
  const struct {
    const char *pattern, *yes, *no;
  } cases[] = {{"a", "a", "ab"},
               {"", "", "a"},
               {"*", "anything", nullptr},
               {"a*", "a", "ba"},
               {"*a", "ba", "ab"},
               {"a*b", "a-b", "a-bc"},
               {"a*b*c", "axxbxxc", "axxc"},
               {"a?c", "a?c", "abc"},
               {"[a]", "[a]", "a"},
               {"a*a", "aa", "a"},
               {"**", "", nullptr},
               {"order.*.paid", "order.7.paid", "order.paid"},
               {"*ab*ab", "abab", "ab"}};
  for (const auto& [pattern, yes, no] : cases) {
    EXPECT_TRUE(EventPattern(pattern).matches(yes)) << pattern << " " << yes;
    if (no == nullptr) continue;
    EXPECT_FALSE(EventPattern(pattern).matches(no)) << pattern << " " << no;
  }
}

TEST(EventPattern, AVeryLongNameMatchesNothing) {
  const std::string longest(EventPattern::kMostNameBytes, 'a');
  EXPECT_TRUE(EventPattern("*").matches(longest));
  EXPECT_FALSE(EventPattern("*").matches(longest + "a"));
}

// The oracle: tries all possibilities.
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern.front() != '*')
    return !name.empty() && name.front() == pattern.front() && matches(pattern.substr(1), name.substr(1));
  return matches(pattern.substr(1), name) || (!name.empty() && matches(pattern, name.substr(1)));
}

TEST(EventPattern, AgreesWithTheOracle) {
  std::mt19937 random(7);
  const auto text = [&random](std::string_view letters, std::size_t most) {
    std::string out(random() % (most + 1), ' ');
    for (char& c : out)
      c = letters[random() % letters.size()];
    return out;
  };
  int matching = 0;
  for (int n = 0; n < 50'000; ++n) {
    const std::string pattern = text("ab*", 7), name = text("ab", 8);
    const bool expected = matches(pattern, name);
    matching += expected;
    ASSERT_EQ(EventPattern(pattern).matches(name), expected) << '"' << pattern << "\" \"" << name << '"';
  }
  EXPECT_GT(matching, 5'000);
}

}  // namespace
}  // namespace nexus::panels
