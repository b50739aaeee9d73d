#include "nexus/front/auth/authorizer.h"

#include <gmock/gmock.h>

#include "nexus/front/api/api.h"
#include "unit/front/auth/tokens.h"

namespace nexus::auth {
namespace {

using testing::HasSubstr;
using testing::Not;

class StoppedClock final : public Clock {
 public:
  std::int64_t unix_ms() const override { return now_ms; }
  std::uint64_t monotonic_us() const override { return 0; }
  std::int64_t now_ms = kNowMs;
};

class AuthorizerTest : public testing::Test {
 protected:
  static http::Request request(http::Method method, std::string target, std::string authorization = "") {
    http::Request made;
    made.method = method;
    made.target = std::move(target);
    made.route = find_route(api::Api::table(), method, made.target);
    made.host = "localhost:3000";
    made.authorization = std::move(authorization);
    return made;
  }
  static http::Request bearing(http::Method method, std::string target, std::string_view claims) {
    return request(method, std::move(target), "Bearer " + token_until(kNowMs + 1000, claims));
  }
  // Why the request is rejected; none: it is admitted.
  static std::optional<ErrorCode> refusal(Authorizer& authorizer, const http::Request& request) {
    const auto principal = authorizer.admit(request);
    return principal ? std::nullopt : std::optional(principal.error().code);
  }
  std::optional<ErrorCode> guarded(const http::Request& request) { return refusal(guarded_, request); }

  StoppedClock clock_;
  Authorizer open_{{}, clock_};
  Authorizer guarded_{{.jwt_key = std::string(kKey)}, clock_};
};

TEST_F(AuthorizerTest, WithoutAuthenticationEveryCallIsAdmitted) {
  const auto principal = open_.admit(request(http::Method::delete_, "/panels/p"));
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->get(), &Principal::anyone());
}

TEST_F(AuthorizerTest, WithoutAuthenticationTheHostMustBeKnown) {
  http::Request strange = request(http::Method::get, "/panels/p");
  strange.host = "evil.example";
  EXPECT_EQ(refusal(open_, strange), ErrorCode::kMisdirected);
  Authorizer named({.allowed_hosts = {"evil.example"}}, clock_);
  EXPECT_EQ(refusal(named, strange), std::nullopt);
  strange.authorization = "Bearer " + token_until(kNowMs + 1000);
  EXPECT_EQ(guarded(strange), std::nullopt) << "with authentication a name gives nothing away";
}

TEST_F(AuthorizerTest, ProbesAndScrapersNeedNeitherHostNorToken) {
  for (const char* target : {"/health", "/health/live", "/health/ready", "/metrics", "/metrics?x=1"}) {
    http::Request probe = request(http::Method::get, target);
    probe.host = "nexus:3000";
    EXPECT_EQ(refusal(open_, probe), std::nullopt) << target;
    EXPECT_EQ(guarded(probe), std::nullopt) << target;
    EXPECT_FALSE((*guarded_.admit(probe))->may(Scope::kRead));
    probe.origin = "http://evil.example";
    EXPECT_EQ(refusal(open_, probe), ErrorCode::kOriginNotAllowed) << target;
    EXPECT_EQ(guarded(probe), ErrorCode::kOriginNotAllowed) << target;
  }
}

TEST_F(AuthorizerTest, AllOtherCallsNeedAToken) {
  for (const char* target : {"/", "/nothing", "/panels", "/panels/p", "/panels/p/state", "/health/x",
                             "/healthy", "/metrics/", "//metrics", "/panels/p/trigger/health"}) {
    EXPECT_EQ(guarded(request(http::Method::get, target)), ErrorCode::kUnauthorized) << target;
  }
}

TEST_F(AuthorizerTest, NeedsABearerToken) {
  const std::string token = token_until(kNowMs + 1000);
  for (const std::string scheme : {"Bearer ", "bearer ", "BEARER   "})
    EXPECT_EQ(guarded(request(http::Method::get, "/panels", scheme + token)), std::nullopt) << scheme;
  for (const std::string& text :
       std::vector<std::string>{token, "Basic " + token, "Bearer" + token, "Bearer", "Bearer ", "Bearer x",
                                "Bearer " + token + " x", "Bearer " + token + "," + token}) {
    EXPECT_EQ(guarded(request(http::Method::get, "/panels", text)), ErrorCode::kUnauthorized) << text;
  }
}

TEST_F(AuthorizerTest, ChallengesWithoutRepeatingTheToken) {
  const auto challenge = [this](std::string authorization) {
    const http::Request bad = request(http::Method::get, "/panels", std::move(authorization));
    const auto principal = guarded_.admit(bad);
    return principal ? "" : Authorizer::challenge_of(bad, principal.error());
  };
  EXPECT_EQ(challenge(""), "Bearer");
  EXPECT_EQ(challenge("Basic abc"), "Bearer");
  EXPECT_EQ(challenge("Bearer secret\"\\"),
            R"(Bearer error="invalid_token", error_description="the token is not valid here")");
  EXPECT_THAT(challenge("Bearer " + token_until(0)),
              HasSubstr(R"(error_description="the token has expired")"));
}

TEST_F(AuthorizerTest, EachCallNeedsItsScope) {
  const std::vector<std::tuple<http::Method, std::string, std::string>> calls = {
      {http::Method::get, "/panels", "read"},
      {http::Method::head, "/panels/p", "read"},
      {http::Method::get, "/panels/p/state", "read"},
      {http::Method::post, "/panels", "write"},
      {http::Method::put, "/panels/p", "write"},
      {http::Method::delete_, "/panels/p", "write"},
      {http::Method::post, "/panels/p/trigger/t", "trigger"},
      {http::Method::get, "/runtime/memory", "admin"}};
  for (const auto& [method, target, needed] : calls) {
    for (const std::string word : {"read", "write", "trigger", "resume", "admin"}) {
      const auto principal = guarded_.admit(bearing(method, target, R"(,"scope":")" + word + '"'));
      EXPECT_EQ(principal.has_value(), word == needed) << target << ' ' << word;
      if (principal) continue;
      EXPECT_EQ(principal.error().code, ErrorCode::kForbidden);
      EXPECT_THAT(principal.error().message, HasSubstr('"' + needed + '"'));
    }
    EXPECT_EQ(guarded(bearing(method, target, "")), std::nullopt) << "without a scope all is allowed";
    EXPECT_EQ(guarded(bearing(method, target, R"(,"scope":"")")), ErrorCode::kForbidden);
  }
}

TEST_F(AuthorizerTest, AnUnknownPathIsNotForbidden) {
  EXPECT_EQ(guarded(bearing(http::Method::get, "/nothing", R"(,"scope":"")")), std::nullopt);
}

TEST_F(AuthorizerTest, TheTokenMustCoverThePanel) {
  constexpr std::string_view kCarts = R"(,"panels":["cart-*"])";
  for (const char* target : {"/panels/cart-1", "/panels/cart-1/state", "/panels"})
    EXPECT_EQ(guarded(bearing(http::Method::get, target, kCarts)), std::nullopt) << target;
  EXPECT_EQ(guarded(bearing(http::Method::post, "/panels/cart-1/trigger/t", kCarts)), std::nullopt);
  for (const char* target :
       {"/panels/till", "/panels/till/state", "/panels/Cart-1", "/panels/my-cart-1?x=cart-1"})
    EXPECT_EQ(guarded(bearing(http::Method::get, target, kCarts)), ErrorCode::kForbidden) << target;
  const auto principal = guarded_.admit(bearing(http::Method::post, "/panels/till/trigger/t", kCarts));
  ASSERT_FALSE(principal);
  EXPECT_THAT(principal.error().message, HasSubstr("\"till\""));
}

TEST_F(AuthorizerTest, CallsAboutAllPanelsNeedATokenForAll) {
  EXPECT_EQ(guarded(bearing(http::Method::get, "/runtime/memory", "")), std::nullopt);
  for (const char* panels :
       {R"(,"panels":["cart-*"])", R"(,"panels":["a*","b*"])", R"(,"panels":[],"scope":"admin")"})
    EXPECT_EQ(guarded(bearing(http::Method::get, "/runtime/memory", panels)), ErrorCode::kForbidden)
        << panels;
}

TEST_F(AuthorizerTest, ACachedTokenStillExpires) {
  const http::Request known = bearing(http::Method::get, "/panels", "");
  EXPECT_EQ(guarded(known), std::nullopt);
  EXPECT_EQ(guarded_.admit(known)->get(), guarded_.admit(known)->get()) << "it was read once";
  clock_.now_ms += 1000 + 59'999;
  EXPECT_EQ(guarded(known), std::nullopt);
  clock_.now_ms += 1;
  EXPECT_EQ(guarded(known), ErrorCode::kUnauthorized);
}

TEST_F(AuthorizerTest, APreflightNeedsNoToken) {
  Authorizer shop({.jwt_key = std::string(kKey), .cors_origins = {"https://shop.example"}}, clock_);
  http::Request question = request(http::Method::options, "/panels/p/trigger/t");
  question.origin = "https://shop.example";
  question.has_requested_method = true;
  EXPECT_EQ(refusal(shop, question), std::nullopt);
  question.has_requested_method = false;
  EXPECT_EQ(refusal(shop, question), ErrorCode::kUnauthorized) << "no browser asks like this";
  question.has_requested_method = true;
  question.origin = "https://evil.example";
  EXPECT_EQ(refusal(shop, question), ErrorCode::kOriginNotAllowed);
}

class DefinitionTest : public AuthorizerTest {
 protected:
  std::optional<std::string> error_of(std::string body, std::string_view claims = R"(,"panels":["cart-*"])") {
    http::Request creation = bearing(http::Method::post, "/panels", claims);
    creation.principal = guarded_.admit(creation).value();
    creation.body = std::move(body);
    const auto refusal = Authorizer::refuse_definition(creation);
    if (!refusal) return std::nullopt;
    EXPECT_EQ(refusal->code, ErrorCode::kForbidden);
    return refusal->message;
  }
};

TEST_F(DefinitionTest, MustHaveAnIdThatTheTokenCovers) {
  EXPECT_EQ(
      error_of(R"({"kind":"x","id":"cart-1","n":123456789012345678901234567890,"tools":[{"id":"till"}]})"),
      std::nullopt);
  EXPECT_THAT(error_of(R"({"id":"till"})").value(), HasSubstr("\"till\""));
  EXPECT_TRUE(error_of(R"({"id":"till","id":"cart-1"})"));
  EXPECT_TRUE(error_of(R"({"id":"cart-1","\u0069d":"till"})"));
}

TEST_F(DefinitionTest, MustHaveAnId) {
  for (const char* body : {"{}", R"({"kind":"cart-1"})", R"({"id":5})", R"({"id":null})", "[]", "\"cart-1\"",
                           R"({"x":{"id":"cart-1"}})"}) {
    EXPECT_THAT(error_of(body).value(), HasSubstr("needs an \"id\"")) << body;
    EXPECT_EQ(error_of(body, ""), std::nullopt) << body;
    EXPECT_EQ(error_of(body, R"(,"panels":["*"])"), std::nullopt) << body;
  }
}

TEST_F(DefinitionTest, PassesWhenItIsNoJson) {
  for (const char* body : {"", "{", R"({"id":"till")", R"({"id":"till"} x)"})
    EXPECT_EQ(error_of(body), std::nullopt) << body;
}

TEST_F(DefinitionTest, WithoutAPrincipalIsRejected) {
  http::Request creation = request(http::Method::post, "/panels");
  creation.body = R"({"id":"p"})";
  EXPECT_EQ(&principal_of(creation), &Principal::nobody());
  EXPECT_TRUE(Authorizer::refuse_definition(creation));
}

}  // namespace
}  // namespace nexus::auth
