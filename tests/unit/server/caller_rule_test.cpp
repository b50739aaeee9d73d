#include "nexus/server/caller_rule.h"

#include <gtest/gtest.h>

namespace nexus::server {
namespace {

std::optional<ErrorCode> code_of(std::string_view host, std::string_view origin = "") {
  const auto refusal = refuse_caller(host, origin);
  return refusal ? std::optional(refusal->code) : std::nullopt;
}

TEST(CallerRule, KnowsAddressesAndLocalhost) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:3000", "10.0.0.7:80", "[::1]", "[::1]:3000", "localhost", "LOCALHOST:3000"}) {
    EXPECT_EQ(code_of(host), std::nullopt) << host;
  }
}

TEST(CallerRule, RefusesNamesThatAnyoneCanPointHere) {
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000", "",
                           ":3000", "[]", "[::1", "::1", "1.2.3", "127.0.0.1:x", "localhost:80:80"}) {
    EXPECT_EQ(code_of(host), ErrorCode::kMisdirected) << host;
  }
}

TEST(CallerRule, AllowsOurOwnPages) {
  EXPECT_EQ(code_of("localhost:3000", "http://localhost:3000"), std::nullopt);
  EXPECT_EQ(code_of("localhost:3000", "https://localhost:3000"), std::nullopt);
  EXPECT_EQ(code_of("localhost", "http://localhost"), std::nullopt);
  EXPECT_EQ(code_of("localhost:80", "http://localhost"), std::nullopt);
  EXPECT_EQ(code_of("localhost:443", "https://localhost"), std::nullopt);
}

TEST(CallerRule, RefusesPagesOfOthers) {
  for (const char* origin :
       {"http://evil.example", "http://localhost", "http://localhost:3001", "null", "localhost:3000",
        "ftp://localhost:3000", "http://127.0.0.1:3000", "http://localhost:3000.evil.example"}) {
    EXPECT_EQ(code_of("localhost:3000", origin), ErrorCode::kOriginNotAllowed) << origin;
  }
}

}  // namespace
}  // namespace nexus::server
