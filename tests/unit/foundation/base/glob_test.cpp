#include "nexus/foundation/base/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace nexus {
namespace {

TEST(Glob, AStarStandsForAnyRunAndAllElseForItself) {
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
    EXPECT_TRUE(matches_glob(pattern, yes, GlobSigns::kStar)) << pattern << " " << yes;
    if (no == nullptr) continue;
    EXPECT_FALSE(matches_glob(pattern, no, GlobSigns::kStar)) << pattern << " " << no;
  }
}

// The oracle tries everything.
bool matches(std::string_view pattern, std::string_view text, GlobSigns signs) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '*')
    return matches(pattern.substr(1), text, signs) ||
           (!text.empty() && matches(pattern, text.substr(1), signs));
  if (text.empty()) return false;
  const bool is_any_one = signs == GlobSigns::kStarAndAnyOne && pattern.front() == '?';
  return (is_any_one || text.front() == pattern.front()) && matches(pattern.substr(1), text.substr(1), signs);
}

TEST(Glob, IsAsTryingEverything) {
  std::mt19937 random(7);
  const auto text = [&random](std::string_view letters, std::size_t most) {
    std::string out(random() % (most + 1), ' ');
    for (char& c : out)
      c = letters[random() % letters.size()];
    return out;
  };
  for (const GlobSigns signs : {GlobSigns::kStar, GlobSigns::kStarAndAnyOne}) {
    int matching = 0;
    for (int n = 0; n < 50'000; ++n) {
      const std::string pattern = text("ab*?", 7), name = text("ab?", 8);
      const bool expected = matches(pattern, name, signs);
      matching += expected;
      ASSERT_EQ(matches_glob(pattern, name, signs), expected) << '"' << pattern << "\" \"" << name << '"';
    }
    EXPECT_GT(matching, 1'000);
  }
}

}  // namespace
}  // namespace nexus
