#include "nexus/front/auth/token.h"

#include <gmock/gmock.h>

#include "nexus/front/auth/token_signing.h"
#include "unit/front/auth/tokens.h"

namespace nexus::auth {
namespace {

using testing::HasSubstr;

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::string_view kNotOurs = "the token is not valid here";

Result<Principal> read(std::string_view token) { return read_token(token, kKey, kNowMs); }

// Why the token is rejected; empty: it is accepted.
std::string error_of(std::string_view token) {
  const auto principal = read(token);
  if (principal) return "";
  EXPECT_EQ(principal.error().code, ErrorCode::kUnauthorized);
  return principal.error().message;
}

std::string claims_with(std::string_view more) { return R"({"exp":1800000000,)" + std::string(more) + "}"; }

TEST(Token, HasAPrincipal) {
  const auto principal = read(token_until(kNowMs + 5000));
  ASSERT_TRUE(principal) << principal.error().message;
  EXPECT_TRUE(principal->may_see_all());
  EXPECT_EQ(principal->expires_ms(), kNowMs + 5000 + kTokenLeewayMs);
  for (const Scope scope : {Scope::kRead, Scope::kWrite, Scope::kTrigger, Scope::kResume, Scope::kAdmin})
    EXPECT_TRUE(principal->may(scope));
}

TEST(Token, IsReadAsSigned) {
  EXPECT_EQ(sign_token({.expires_s = 5}, kKey), token_of(R"({"exp":5})"));
  EXPECT_EQ(
      sign_token({.scopes = {Scope::kRead, Scope::kAdmin}, .panels = {"a*", "\"?"}, .expires_s = 5}, kKey),
      token_of(R"({"exp":5,"scope":"read admin","panels":["a*","\"?"]})"));
  EXPECT_EQ(sign_token({.expires_s = 5}, kKey.substr(1)), "") << "a key that would verify nothing";
  for (std::size_t length = 1; length < 70; ++length) {
    const std::string glob = std::string(length, 'x') + "\xc3\xbf*";
    const auto principal = read(
        sign_token({.scopes = {Scope::kTrigger}, .panels = {glob}, .expires_s = kNowMs / 1000 + 60}, kKey));
    ASSERT_TRUE(principal) << principal.error().message;
    EXPECT_TRUE(principal->may(Scope::kTrigger) && !principal->may(Scope::kRead) &&
                !principal->may(Scope::kAdmin));
    EXPECT_TRUE(principal->may_see(std::string(length, 'x') + "\xc3\xbf!") && !principal->may_see("x"));
    EXPECT_EQ(principal->expires_ms(), kNowMs + kMinuteMs + kTokenLeewayMs);
  }
}

// The example of RFC 7515, A.1: signed with another key.
TEST(Token, IsReadInOtherSpellings) {
  const std::string token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
      "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  const unsigned char key[] = {3,   35,  53, 75,  43,  15, 165, 188, 131, 126, 6,   101, 119, 123, 166, 143,
                               90,  179, 40, 230, 240, 84, 201, 40,  169, 15,  132, 178, 210, 80,  46,  191,
                               211, 251, 90, 146, 210, 6,  71,  239, 150, 138, 180, 195, 119, 98,  61,  34,
                               61,  46,  33, 114, 5,   46, 79,  8,   192, 205, 154, 245, 103, 208, 128, 163};
  const std::string_view text(reinterpret_cast<const char*>(key), sizeof key);
  EXPECT_TRUE(read_token(token, text, 1'300'819'379'000));
  EXPECT_FALSE(read_token(token, text, 1'300'819'380'000 + kTokenLeewayMs));
}

TEST(Token, IsAcceptedWithHs256Only) {
  const std::string claims = base64url(claims_with(R"("sub":"x")"));
  EXPECT_EQ(error_of(base64url(R"({"alg":"none"})") + "." + claims + "."), kNotOurs);
  EXPECT_EQ(error_of(base64url(R"({"alg":"none"})") + "." + claims), kNotOurs);
  for (const char* head : {R"({"alg":"HS384"})", R"({"alg":"HS512"})"}) {
    const EVP_MD* hash =
        std::string_view(head).find("384") == std::string_view::npos ? EVP_sha512() : EVP_sha384();
    EXPECT_EQ(error_of(with_signature(base64url(head) + "." + claims, kKey, hash)), kNotOurs) << head;
  }
  // Signed with our key by HS256, but the header says something else.
  for (const char* head :
       {R"({"alg":"none"})", R"({"alg":"RS256"})", R"({"alg":"HS384"})", R"({"alg":"hs256"})",
        R"({"alg":["HS256"]})", R"({"alg":null})", R"({"typ":"JWT"})", R"({"alg":"HS256","alg":"HS256"})",
        R"({"alg":"HS256","crit":["exp"]})", "[]", "", "HS256"}) {
    EXPECT_THAT(error_of(with_signature(base64url(head) + "." + claims)), HasSubstr("HS256")) << head;
  }
}

TEST(Token, IsRejectedWhenAnotherKeySignedIt) {
  const std::string claims = claims_with(R"("sub":"x")");
  EXPECT_EQ(error_of(token_of(claims)), "");
  EXPECT_EQ(error_of(token_of(claims, kHead, "0123456789abcdef0123456789abcdeF")), kNotOurs);
  EXPECT_EQ(error_of(token_of(claims, kHead, "")), kNotOurs);
  EXPECT_FALSE(read_token(token_of(claims, kHead, "short"), "short", kNowMs)) << "a key that can be guessed";
  EXPECT_FALSE(read_token(token_of(claims, kHead, ""), "", kNowMs));
}

TEST(Token, IsRejectedWhenABitHasChanged) {
  const std::string token = token_of(claims_with(R"("scope":"read")"));
  for (std::size_t size = 0; size < token.size(); ++size)
    EXPECT_EQ(error_of(token.substr(0, size)), kNotOurs) << size;
  for (std::size_t at = 0; at < token.size(); ++at) {
    std::string other = token;
    other[at] = other[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(error_of(other), "") << at;
  }
}

TEST(Token, IsAcceptedInCanonicalFormOnly) {
  const std::string token = token_of(claims_with(R"("sub":"x")"));
  for (const std::string& other : {token + "=", token + "A", token + ".", "." + token, " " + token,
                                   token + " ", token + "\n", token + std::string(1, '\0'), token + ".x"}) {
    EXPECT_EQ(error_of(other), kNotOurs) << other;
  }
  // The last digit of 32 bytes has two unused bits.
  std::string loose = token;
  loose.back() = static_cast<char>(loose.back() + 1);
  EXPECT_EQ(error_of(loose), kNotOurs);
  // Signed correctly, but its parts are not base64url.
  const std::string head = base64url(kHead), claims = base64url(claims_with(R"("sub":"x")"));
  for (const std::string& text :
       {head + ".!!!!", head + "." + claims + "=", head + "+." + claims, head + "." + claims + ".",
        head + ".A", "." + claims, head + ".", std::string(".")}) {
    EXPECT_NE(error_of(with_signature(text)), "") << text;
  }
}

TEST(Token, IsRejectedUnreadWhenTooLong) {
  EXPECT_EQ(error_of(std::string(3 << 20, 'a')), kNotOurs);
  EXPECT_EQ(error_of(std::string(3 << 20, '.')), kNotOurs);
  EXPECT_EQ(error_of(token_of(claims_with(R"("x":")" + std::string(kMostTokenBytes, 'x') + '"'))), kNotOurs);
  EXPECT_EQ(error_of(token_of(claims_with(R"("x":")" + std::string(5000, 'x') + '"'))), "");
}

TEST(Token, ExpiresAfterTheLeeway) {
  EXPECT_EQ(error_of(token_until(kNowMs)), "");
  EXPECT_EQ(error_of(token_until(kNowMs - kMinuteMs + 1000)), "");
  EXPECT_EQ(error_of(token_until(kNowMs - kMinuteMs)), "the token has expired");
  EXPECT_EQ(error_of(token_of(R"({"exp":0})")), "the token has expired");
  EXPECT_EQ(error_of(token_of(R"({"exp":-1})")), "the token has expired");
  EXPECT_EQ(error_of(token_of(R"({"exp":-1e300})")), "the token has expired");
}

TEST(Token, StartsBeforeItsTimeByTheLeeway) {
  const auto from = [](std::int64_t ms) {
    return token_of(claims_with(R"("nbf":)" + std::to_string(ms / 1000)));
  };
  EXPECT_EQ(error_of(from(kNowMs + kMinuteMs)), "");
  EXPECT_EQ(error_of(from(kNowMs + kMinuteMs + 1000)), "the token is not valid yet");
  EXPECT_EQ(error_of(token_of(claims_with(R"("nbf":1e300)"))), "the token is not valid yet");
  EXPECT_EQ(error_of(token_of(claims_with(R"("nbf":-5)"))), "");
}

TEST(Token, NeedsAnExpiry) {
  EXPECT_THAT(error_of(token_of("{}")), HasSubstr("must have exp"));
  for (const char* value : {R"("1800000000")", "null", "true", "[1800000000]", "{}", R"("")"})
    EXPECT_THAT(error_of(token_of(R"({"exp":)" + std::string(value) + "}")), HasSubstr("must be numbers"))
        << value;
  for (const char* value : {"1e400", "123456789012345678901234567890", "NaN", "0x7fffffff", "+1800000000"})
    EXPECT_THAT(error_of(token_of(R"({"exp":)" + std::string(value) + "}")), HasSubstr("not valid JSON"))
        << value;
}

TEST(Token, MayHaveAnExpiryFarAway) {
  for (const char* value : {"1800000000.5", "1e300", "9223372036854775807", "18446744073709551615"})
    EXPECT_EQ(error_of(token_of(R"({"exp":)" + std::string(value) + "}")), "") << value;
}

TEST(Token, IsRejectedWithRepeatedMembers) {
  for (const char* claims :
       {R"({"exp":1,"exp":1800000000})", R"({"exp":1800000000,"\u0065xp":1800000000})",
        R"({"exp":1800000000,"scope":"read","scope":"admin"})",
        R"({"exp":1800000000,"panels":["a"],"panels":["*"]})", R"({"exp":1800000000,"nbf":1,"nbf":1})"}) {
    EXPECT_THAT(error_of(token_of(claims)), HasSubstr("twice")) << claims;
  }
}

TEST(Token, NeedsAnObjectOfClaims) {
  for (const char* claims : {"", "[]", "5", "{", R"({"exp":1800000000}})", R"({"exp":1800000000,})", "\xff"})
    EXPECT_THAT(error_of(token_of(claims)), HasSubstr("not valid JSON")) << claims;
  EXPECT_NE(error_of(token_of(R"({"exp":1800000000,"a":)" + std::string(4000, '['))), "");
}

TEST(Token, HasScopes) {
  const auto principal = read(token_of(claims_with(R"("scope":"  read fly  resume READ")")));
  ASSERT_TRUE(principal);
  EXPECT_TRUE(principal->may(Scope::kRead));
  EXPECT_TRUE(principal->may(Scope::kResume));
  EXPECT_FALSE(principal->may(Scope::kWrite));
  EXPECT_FALSE(principal->may(Scope::kTrigger));
  EXPECT_FALSE(principal->may(Scope::kAdmin));
  const auto none = read(token_of(claims_with(R"("scope":"")")));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->may(Scope::kRead));
}

TEST(Token, HasPanels) {
  const auto principal = read(token_of(claims_with(R"("panels":["cart-*","till"])")));
  ASSERT_TRUE(principal);
  EXPECT_TRUE(principal->may_see("cart-7"));
  EXPECT_TRUE(principal->may_see("till"));
  EXPECT_FALSE(principal->may_see("tills"));
  EXPECT_FALSE(principal->may_see_all());
  const auto none = read(token_of(claims_with(R"("panels":[])")));
  ASSERT_TRUE(none);
  EXPECT_FALSE(none->may_see("cart-7"));
}

TEST(Token, HasNoMoreRightsWhenItsClaimsAreUnreadable) {
  for (const char* more : {R"("scope":null)", R"("scope":["admin"])", R"("scope":1)", R"("panels":null)",
                           R"("panels":"*")", R"("panels":["a",1])", R"("panels":{"a":1})"}) {
    EXPECT_THAT(error_of(token_of(claims_with(more))), HasSubstr("of a token must be")) << more;
  }
}

}  // namespace
}  // namespace nexus::auth
