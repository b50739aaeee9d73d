#include "nexus/front/auth/cors.h"

#include <gmock/gmock.h>

namespace nexus::auth {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* kShop = "https://shop.example";

http::Request from(std::string origin, http::Method method = http::Method::post) {
  http::Request request;
  request.method = method;
  request.host = "localhost:3000";
  request.origin = std::move(origin);
  return request;
}

std::string head_of(http::Response& response) {
  const auto parts = response.serialise("today", 11, http::Response::Connection::kKeep,
                                        http::Response::Body::kOnlyDescribed);
  return {static_cast<const char*>(parts[0].data()), parts[0].size()};
}

std::string headers_for(const OriginPolicy& policy, const http::Request& request) {
  http::Response response;
  add_cors_headers(policy, request, response);
  return head_of(response);
}

TEST(Cors, IsOffWithoutOrigins) {
  const OriginPolicy policy({}, {});
  EXPECT_THAT(headers_for(policy, from(kShop)), Not(HasSubstr("Access-Control")));
  EXPECT_THAT(headers_for(policy, from(kShop)), Not(HasSubstr("Vary")));
}

TEST(Cors, LetsPagesOfAllowedOriginsRead) {
  const OriginPolicy policy({}, {kShop});
  const std::string head = headers_for(policy, from(kShop));
  EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Origin: https://shop.example\r\n"));
  EXPECT_THAT(head, HasSubstr("Vary: Origin\r\n"));
  for (const char* name : {"Nexus-Execution-Id", "Nexus-Execution-Status", "ETag", "Location", "Retry-After",
                           "Preference-Applied", "Nexus-Api-Version"}) {
    EXPECT_THAT(head, testing::ContainsRegex(std::string("Access-Control-Expose-Headers: [^\r]*") + name));
  }
  EXPECT_THAT(head, Not(HasSubstr("Credentials")));
}

TEST(Cors, AddsVaryOrigin) {
  const OriginPolicy policy({}, {kShop});
  for (const char* origin : {"", "http://localhost:3000", "https://evil.example", "null"}) {
    const std::string head = headers_for(policy, from(origin));
    EXPECT_THAT(head, HasSubstr("Vary: Origin\r\n")) << origin;
    EXPECT_THAT(head, Not(HasSubstr("Access-Control"))) << origin;
  }
}

TEST(Cors, RecognisesAPreflight) {
  http::Request request = from(kShop, http::Method::options);
  EXPECT_FALSE(is_preflight(request));
  request.has_requested_method = true;
  EXPECT_TRUE(is_preflight(request));
  request.origin.clear();
  EXPECT_FALSE(is_preflight(request));
  request = from(kShop);
  request.has_requested_method = true;
  EXPECT_FALSE(is_preflight(request));
}

TEST(Cors, RespondsToAPreflightForThePath) {
  http::Request request = from(kShop, http::Method::options);
  request.has_requested_method = true;
  http::Response response;
  respond_to_preflight("POST", response);
  add_cors_headers(OriginPolicy({}, {kShop}), request, response);
  EXPECT_EQ(response.status(), 204);
  const std::string head = head_of(response);
  EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Methods: POST\r\n"));
  EXPECT_THAT(head, HasSubstr("Access-Control-Allow-Origin: https://shop.example\r\n"));
  EXPECT_THAT(head, HasSubstr("Access-Control-Max-Age: "));
  for (const char* name :
       {"Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Prefer", "traceparent"})
    EXPECT_THAT(head, testing::ContainsRegex(std::string("Access-Control-Allow-Headers: [^\r]*") + name));
  EXPECT_THAT(head, Not(HasSubstr("Expose")));
}

}  // namespace
}  // namespace nexus::auth
