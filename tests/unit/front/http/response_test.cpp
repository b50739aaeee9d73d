#include "nexus/front/http/response.h"

#include <gmock/gmock.h>

namespace nexus::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string text_of(Response& response, int version = 11,
                    Response::Connection connection = Response::Connection::kKeep,
                    Response::Body body = Response::Body::kSent) {
  std::string text;
  for (const auto& part : response.serialise("Sun, 06 Nov 1994 08:49:37 GMT", version, connection, body)) {
    text.append(static_cast<const char*>(part.data()), part.size());
  }
  return text;
}

TEST(Response, HasHeadAndBody) {
  Response response;
  response.add_header("Location", "/x");
  response.set_status(201);
  response.body() = "{}";
  EXPECT_EQ(text_of(response),
            "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nNexus-Api-Version: 2\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\nLocation: /x\r\n\r\n{}");
}

TEST(Response, HasTheConnectionHeader) {
  Response response;
  EXPECT_THAT(text_of(response, 11, Response::Connection::kClose), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(text_of(response, 10), HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(text_of(response, 11), Not(HasSubstr("Connection")));
}

TEST(Response, ToHeadHasNoBodyButItsLength) {
  Response response;
  response.body() = "12345";
  const std::string text = text_of(response, 11, Response::Connection::kKeep, Response::Body::kOnlyDescribed);
  EXPECT_THAT(text, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(Response, WithoutContentHasNoLength) {
  for (const unsigned status : {204U, 304U}) {
    Response response;
    response.set_status(status);
    EXPECT_THAT(text_of(response), Not(HasSubstr("Content-")));
  }
}

TEST(Response, IsClearedForTheNextRequest) {
  Response response;
  response.add_header("X", "y");
  response.refuse({.code = ErrorCode::kNotFound, .message = "no"});
  response.clear();
  EXPECT_THAT(text_of(response), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(text_of(response), Not(HasSubstr("NOT_FOUND")));
}

TEST(Response, OfAnErrorHasTextAndCode) {
  Response response;
  response.refuse({.code = ErrorCode::kPanelNotFound, .message = "no \"x\""});
  EXPECT_EQ(response.status(), 404);
  EXPECT_EQ(response.body(), R"({"error":"no \"x\"","code":"PANEL_NOT_FOUND"})");
}

TEST(Response, HasTheChallengeOfA401) {
  Response response;
  response.set_challenge("Bearer error=\"invalid_token\"");
  EXPECT_THAT(text_of(response), Not(HasSubstr("WWW-Authenticate")));
  response.refuse({.code = ErrorCode::kUnauthorized, .message = "no"});
  EXPECT_EQ(response.status(), 401);
  EXPECT_THAT(text_of(response), HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"))
      << "that of another request is forgotten";
  response.set_challenge("Bearer error=\"invalid_token\"");
  EXPECT_THAT(text_of(response), HasSubstr("\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"));
}

TEST(Response, HasTheLimitAndRetryAfter) {
  Response response;
  response.refuse({.code = ErrorCode::kPanelBusy,
                   .message = "full",
                   .limit = LimitReached{"panel", "MAX_PANEL_QUEUE", 64, 65},
                   .retry_after_ms = 1001});
  EXPECT_EQ(response.status(), 429);
  EXPECT_THAT(text_of(response), HasSubstr("Retry-After: 2\r\n"));
  EXPECT_THAT(response.body(),
              HasSubstr(R"("details":{"layer":"panel","setting":"MAX_PANEL_QUEUE","limit":64,)"
                        R"("wanted":65,"retryAfterMs":1001})"));
}

TEST(Response, NamesMemoryFiguresInBytes) {
  const Error error{.code = ErrorCode::kOverloaded,
                    .message = "no room",
                    .limit = LimitReached{"budget", "MEMORY_BUDGET_MB", 100, 200},
                    .retry_after_ms = 0};
  EXPECT_EQ(
      details_of(error),
      R"({"layer":"budget","setting":"MEMORY_BUDGET_MB","limitBytes":100,"wantedBytes":200,"retryAfterMs":0})");
  Response response;
  response.refuse(error);
  EXPECT_EQ(response.status(), 503);
  EXPECT_THAT(text_of(response), HasSubstr("Retry-After: 1\r\n")) << "a whole second at least";
}

TEST(Response, HasADefaultRetryAfter) {
  const LimitReached limit{"budget", "MEMORY_BUDGET_MB", 100, 200};
  EXPECT_THAT(details_of({.code = ErrorCode::kOverloaded, .message = "no room", .limit = limit}),
              HasSubstr(R"("retryAfterMs":1000)"));
  EXPECT_THAT(details_of({.code = ErrorCode::kResourceLimit, .message = "never", .limit = limit}),
              Not(HasSubstr("retryAfterMs")));
}

}  // namespace
}  // namespace nexus::http
