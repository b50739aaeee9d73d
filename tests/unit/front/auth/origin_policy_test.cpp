#include "nexus/front/auth/origin_policy.h"

#include <gtest/gtest.h>

namespace nexus::auth {
namespace {

const OriginPolicy kStrict({}, {});

std::optional<ErrorCode> code_of(const std::optional<Error>& refusal) {
  return refusal ? std::optional(refusal->code) : std::nullopt;
}

TEST(HostRule, AllowsAddressesAndLocalhost) {
  for (const char* host :
       {"127.0.0.1", "127.0.0.1:3000", "10.0.0.7:80", "[::1]", "[::1]:3000", "[2001:DB8::7]:80", "localhost",
        "LOCALHOST:3000", "localhost.", "localhost.:3000"}) {
    EXPECT_EQ(code_of(kStrict.refuse_host(host)), std::nullopt) << host;
  }
}

TEST(HostRule, RejectsUnknownNames) {
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example:3000", "",
                           ":3000", ".", "[]", "[::1", "::1", "1.2.3", "127.0.0.1:x", "localhost:80:80",
                           "localhost..", "[localhost]", "2130706433"}) {
    EXPECT_EQ(code_of(kStrict.refuse_host(host)), ErrorCode::kMisdirected) << host;
  }
}

TEST(HostRule, AllowsConfiguredNames) {
  const OriginPolicy policy({"nexus", "Shop.Example.", "only.example:8080"}, {});
  for (const char* host : {"nexus", "NEXUS:3000", "nexus.", "shop.example", "shop.example.:1",
                           "only.example:8080", "only.example.:8080"}) {
    EXPECT_EQ(code_of(policy.refuse_host(host)), std::nullopt) << host;
  }
  for (const char* host :
       {"nexus.evil.example", "evilnexus", "only.example", "only.example:80", "example", ""}) {
    EXPECT_EQ(code_of(policy.refuse_host(host)), ErrorCode::kMisdirected) << host;
  }
}

TEST(OriginRule, AllowsPagesOfThisServer) {
  for (const auto& [host, origin] : std::initializer_list<std::pair<const char*, const char*>>{
           {"localhost:3000", "http://localhost:3000"},
           {"localhost:3000", "https://localhost:3000"},
           {"localhost", "http://localhost"},
           {"localhost:80", "http://localhost"},
           {"localhost:443", "https://localhost"},
           {"[::1]:3000", "http://[::1]:3000"}}) {
    EXPECT_EQ(kStrict.kind_of(origin, host), OriginKind::kOwn) << origin;
    EXPECT_EQ(kStrict.refuse_origin(origin, host), std::nullopt) << origin;
  }
  EXPECT_EQ(kStrict.kind_of("", "localhost"), OriginKind::kNone);
}

TEST(OriginRule, RejectsPagesOfOtherSites) {
  for (const char* origin :
       {"http://evil.example", "http://localhost", "http://localhost:3001", "null", "*", "localhost:3000",
        "ftp://localhost:3000", "http://127.0.0.1:3000", "http://localhost:3000.evil.example",
        "http://localhost:3000 http://evil.example", "http://user@localhost:3000", "http://"}) {
    EXPECT_EQ(code_of(kStrict.refuse_origin(origin, "localhost:3000")), ErrorCode::kOriginNotAllowed)
        << origin;
  }
}

TEST(OriginRule, AllowsExactlyTheConfiguredOrigins) {
  const OriginPolicy policy({},
                            {"https://Shop.example/", "http://localhost:5173", "https://pay.example:443"});
  for (const char* origin : {"https://shop.example", "HTTPS://SHOP.EXAMPLE", "https://shop.example:443",
                             "http://localhost:5173", "https://pay.example"}) {
    EXPECT_EQ(policy.kind_of(origin, "localhost:3000"), OriginKind::kAllowed) << origin;
  }
  for (const char* origin :
       {"http://shop.example", "https://shop.example:8443", "https://shop.example.evil.example",
        "https://evilshop.example", "https://a.shop.example", "http://localhost:5174", "null"}) {
    EXPECT_EQ(policy.kind_of(origin, "localhost:3000"), OriginKind::kForeign) << origin;
  }
}

TEST(OriginRule, NoEntryMatchesEveryPage) {
  const OriginPolicy policy({}, {"*", "null", "", "https://*.example", "ftp://a.example"});
  for (const char* origin : {"http://evil.example", "null", "https://a.example", "ftp://a.example"}) {
    EXPECT_EQ(policy.kind_of(origin, "localhost:3000"), OriginKind::kForeign) << origin;
  }
}

}  // namespace
}  // namespace nexus::auth
