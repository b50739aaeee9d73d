#include "nexus/front/http/answer.h"

#include <gmock/gmock.h>

namespace nexus::http {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string text_of(Answer& answer, int version = 11,
                    Answer::Connection connection = Answer::Connection::kKeep,
                    Answer::Body body = Answer::Body::kSent) {
  std::string text;
  for (const auto& part : answer.serialise("Sun, 06 Nov 1994 08:49:37 GMT", version, connection, body)) {
    text.append(static_cast<const char*>(part.data()), part.size());
  }
  return text;
}

TEST(Answer, IsHeadAndBody) {
  Answer answer;
  answer.add_header("Location", "/x");
  answer.set_status(201);
  answer.body() = "{}";
  EXPECT_EQ(text_of(answer),
            "HTTP/1.1 201 Created\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nNexus-Api-Version: 1\r\n"
            "Content-Type: application/json\r\nContent-Length: 2\r\nLocation: /x\r\n\r\n{}");
}

TEST(Answer, SaysWhatBecomesOfTheConnection) {
  Answer answer;
  EXPECT_THAT(text_of(answer, 11, Answer::Connection::kClose), HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(text_of(answer, 10), HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_THAT(text_of(answer, 11), Not(HasSubstr("Connection")));
}

TEST(Answer, ToHeadDescribesTheBodyOnly) {
  Answer answer;
  answer.body() = "12345";
  const std::string text = text_of(answer, 11, Answer::Connection::kKeep, Answer::Body::kOnlyDescribed);
  EXPECT_THAT(text, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(text, EndsWith("\r\n\r\n"));
}

TEST(Answer, WithoutContentHasNoLength) {
  for (const unsigned status : {204U, 304U}) {
    Answer answer;
    answer.set_status(status);
    EXPECT_THAT(text_of(answer), Not(HasSubstr("Content-")));
  }
}

TEST(Answer, IsClearedForTheNextRequest) {
  Answer answer;
  answer.add_header("X", "y");
  answer.refuse({.code = ErrorCode::kNotFound, .message = "no"});
  answer.clear();
  EXPECT_THAT(text_of(answer), StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(text_of(answer), Not(HasSubstr("NOT_FOUND")));
}

TEST(Answer, RefusesWithTextAndCode) {
  Answer answer;
  answer.refuse({.code = ErrorCode::kPanelNotFound, .message = "no \"x\""});
  EXPECT_EQ(answer.status(), 404);
  EXPECT_EQ(answer.body(), R"({"error":"no \"x\"","code":"PANEL_NOT_FOUND"})");
}

TEST(Answer, SaysWhatACallerMustShow) {
  Answer answer;
  answer.set_challenge("Bearer error=\"invalid_token\"");
  EXPECT_THAT(text_of(answer), Not(HasSubstr("WWW-Authenticate")));
  answer.refuse({.code = ErrorCode::kUnauthorized, .message = "no"});
  EXPECT_EQ(answer.status(), 401);
  EXPECT_THAT(text_of(answer), HasSubstr("\r\nWWW-Authenticate: Bearer\r\n"))
      << "that of another request is forgotten";
  answer.set_challenge("Bearer error=\"invalid_token\"");
  EXPECT_THAT(text_of(answer), HasSubstr("\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n"));
}

TEST(Answer, SaysWhichLimitAndWhenToComeAgain) {
  Answer answer;
  answer.refuse({.code = ErrorCode::kPanelBusy,
                 .message = "full",
                 .limit = LimitReached{"panel", "MAX_PANEL_QUEUE", 64, 65},
                 .retry_after_ms = 1001});
  EXPECT_EQ(answer.status(), 429);
  EXPECT_THAT(text_of(answer), HasSubstr("Retry-After: 2\r\n"));
  EXPECT_THAT(answer.body(), HasSubstr(R"("details":{"layer":"panel","setting":"MAX_PANEL_QUEUE","limit":64,)"
                                       R"("wanted":65,"retryAfterMs":1001})"));
}

TEST(Answer, GivesBytesTheirNames) {
  const Error error{.code = ErrorCode::kOverloaded,
                    .message = "no room",
                    .limit = LimitReached{"budget", "MEMORY_BUDGET_MB", 100, 200},
                    .retry_after_ms = 0};
  EXPECT_EQ(
      details_of(error),
      R"({"layer":"budget","setting":"MEMORY_BUDGET_MB","limitBytes":100,"wantedBytes":200,"retryAfterMs":0})");
  Answer answer;
  answer.refuse(error);
  EXPECT_EQ(answer.status(), 503);
  EXPECT_THAT(text_of(answer), HasSubstr("Retry-After: 1\r\n")) << "a whole second at least";
}

TEST(Answer, SaysWhenToComeAgainThoughNobodyHasToldIt) {
  const LimitReached limit{"budget", "MEMORY_BUDGET_MB", 100, 200};
  EXPECT_THAT(details_of({.code = ErrorCode::kOverloaded, .message = "no room", .limit = limit}),
              HasSubstr(R"("retryAfterMs":1000)"));
  EXPECT_THAT(details_of({.code = ErrorCode::kResourceLimit, .message = "never", .limit = limit}),
              Not(HasSubstr("retryAfterMs")));
}

}  // namespace
}  // namespace nexus::http
