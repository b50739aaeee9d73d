#include "nexus/front/auth/token_cache.h"

#include <gtest/gtest.h>

namespace nexus::auth {
namespace {

std::shared_ptr<const Principal> until(std::int64_t ms) {
  return std::make_shared<const Principal>(kAllScopes, std::nullopt, ms);
}

TEST(TokenCache, FindsAStoredToken) {
  TokenCache cache(2);
  const auto principal = until(10);
  cache.add("token", principal);
  EXPECT_EQ(cache.find("token", 0), principal);
  EXPECT_EQ(cache.find("toke", 0), nullptr);
  EXPECT_EQ(cache.find("tokem", 0), nullptr);
  EXPECT_EQ(cache.find("", 0), nullptr);
}

TEST(TokenCache, DropsExpiredTokens) {
  TokenCache cache(2);
  cache.add("token", until(10));
  EXPECT_NE(cache.find("token", 9), nullptr);
  EXPECT_EQ(cache.find("token", 10), nullptr);
  EXPECT_EQ(cache.size(), 0);
  EXPECT_EQ(cache.find("token", 0), nullptr);
}

TEST(TokenCache, EvictsTheLeastRecentlyUsed) {
  TokenCache cache(2);
  cache.add("a", until(10));
  cache.add("b", until(10));
  EXPECT_NE(cache.find("a", 0), nullptr);
  cache.add("c", until(10));
  EXPECT_EQ(cache.find("b", 0), nullptr);
  EXPECT_NE(cache.find("a", 0), nullptr);
  EXPECT_NE(cache.find("c", 0), nullptr);
}

TEST(TokenCache, NeverExceedsItsSize) {
  TokenCache cache(100);
  for (int token = 0; token < 10'000; ++token) {
    cache.add(std::to_string(token), until(10));
    cache.add(std::to_string(token), until(11));
    ASSERT_LE(cache.size(), 100);
  }
  EXPECT_EQ(cache.size(), 100);
  EXPECT_EQ(cache.find("9999", 10)->expires_ms(), 11) << "the newer of two";
}

}  // namespace
}  // namespace nexus::auth
