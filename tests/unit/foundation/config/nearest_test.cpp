#include "nexus/foundation/config/nearest.h"

#include <gtest/gtest.h>

namespace nexus::config {
namespace {

TEST(Nearest, IsTheNameWithTheFewestChanges) {
  const std::vector<Spelling> known{
      {"timeout", "timeout"}, {"max_wall", "max_wall"}, {"max_queue", "max_queue"}};
  EXPECT_EQ(nearest("timout", known), "timeout");
  EXPECT_EQ(nearest("timeouts", known), "timeout");
  EXPECT_EQ(nearest("tineout", known), "timeout");
  EXPECT_EQ(nearest("TIMEOUT", known), "timeout");
  EXPECT_EQ(nearest("max_qeue", known), "max_queue");
}

TEST(Nearest, FirstOfEquallyNearWins) { EXPECT_EQ(nearest("ac", {{"ab", "one"}, {"ad", "two"}}), "one"); }

TEST(Nearest, AlternativeSpellingFindsName) {
  const std::vector<Spelling> known{{"auth.enabled", "auth.enabled"},
                                    {"server.enabled", "auth.enabled", 1},
                                    {"server.host", "server.host"}};
  EXPECT_EQ(nearest("server.enabled", known), "auth.enabled");
}

TEST(Nearest, HandicapAddsDistance) {
  EXPECT_EQ(nearest("abc", {{"abc", "far", 2}, {"abd", "near"}}), "near");
}

TEST(Nearest, LongTextIsFast) {
  EXPECT_EQ(nearest(std::string(10'000'000, 'a'), {{"a", "a"}, {"b", "b"}}), "");
  EXPECT_EQ(nearest("", {{"ab", "ab"}, {"c", "c"}}), "c");
}

TEST(Nearest, DistantNameIsNotSuggested) {
  EXPECT_EQ(nearest("wibble", {{"memory_budget_mb", "memory_budget_mb"}}), "");
  EXPECT_EQ(did_you_mean("wibble", {{"port", "port"}}), "");
  EXPECT_EQ(did_you_mean("prot", {{"port", "port"}}), ": did you mean port?");
}

}  // namespace
}  // namespace nexus::config
