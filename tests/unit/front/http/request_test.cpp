#include "nexus/front/http/request.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>

namespace nexus::http {
namespace {

std::string normal(std::string target) {
  normalise_target(target);
  return target;
}

TEST(Target, IsNormalised) {
  EXPECT_EQ(normal("/panels/p?x=1"), "/panels/p?x=1");
  EXPECT_EQ(normal("/%70anels/%7Ea%2d"), "/panels/~a-");
  EXPECT_EQ(normal("http://localhost:3000/health?a"), "/health?a");
  EXPECT_EQ(normal("http://localhost"), "/");
  EXPECT_EQ(normal("*"), "*");
}

TEST(Target, KeepsEscapesThatMatter) {
  for (const char* target :
       {"/a%2Fb", "/a%3Fb", "/a%00b", "/a%", "/a%4", "/a%zz", "/%4%41", "/%%341", "/%25%32%46"}) {
    const std::string expected = std::string_view(target) == "/%25%32%46" ? "/%252F" : target;
    EXPECT_EQ(normal(target), expected);
  }
}

TEST(Target, IsShownWithoutItsToken) {
  EXPECT_EQ(masked("/panels/p/ws?token=abc.def"), "/panels/p/ws?token=***");
  EXPECT_EQ(masked("/a?x=1&token=abc&y=2"), "/a?x=1&token=***&y=2");
  EXPECT_EQ(masked("/a?token=abc&TOKEN=def&token="), "/a?token=***&token=***&token=***");
  EXPECT_EQ(masked(normal("/a?%74oken=abc")), "/a?token=***");
  EXPECT_EQ(masked(normal("/a%4/b?x=%zz&tok%65n=abc")), "/a%4/b?x=%zz&token=***");
  for (const char* target : {"", "/", "/a?", "/a?&&", "/token=abc", "/a?tokens=1&token&mytoken=2"})
    EXPECT_EQ(masked(target), target);
}

constexpr Route kThing{Method::get, "/things/:id"};
constexpr std::array<const Route*, 1> kRoutes{&kThing};

// Parses `text` in pieces of `step` bytes.
struct Parsed {
  Request request;
  bool is_done = false;
  bool is_too_large = false;
  boost::beast::error_code error;
};
Parsed parse(std::string_view text, std::size_t step = 1000, std::uint64_t body_limit = 100) {
  Parsed parsed;
  RequestParser parser(parsed.request, kRoutes, body_limit, 1000);
  std::string unread;
  while (!parsed.error && !parser.is_done() && !text.empty()) {
    unread += text.substr(0, step);
    text.remove_prefix(std::min(step, text.size()));
    const auto used = parser.put(boost::asio::const_buffer(unread.data(), unread.size()), parsed.error);
    unread.erase(0, used);
    if (parsed.error == boost::beast::http::error::need_more) parsed.error.clear();
  }
  parsed.is_done = parser.is_done();
  parsed.is_too_large = parser.is_body_too_large();
  return parsed;
}

constexpr std::string_view kPost =
    "POST /a HTTP/1.1\r\nHost: localhost\r\nOrigin: http://x\r\nContent-Length: 5\r\n\r\nhello";

TEST(RequestParser, ReadsTheUsedParts) {
  const Parsed parsed = parse(kPost);
  ASSERT_TRUE(parsed.is_done);
  EXPECT_EQ(parsed.request.method, Method::post);
  EXPECT_EQ(parsed.request.target, "/a");
  EXPECT_EQ(parsed.request.host, "localhost");
  EXPECT_EQ(parsed.request.origin, "http://x");
  EXPECT_EQ(parsed.request.body, "hello");
  EXPECT_TRUE(parsed.request.keep_alive);
}

TEST(RequestParser, ReadsTheSameFromAnyPieces) {
  constexpr std::string_view kChunked =
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nX: "
      "y\r\n\r\n";
  for (std::size_t step = 1; step < 40; ++step) {
    EXPECT_EQ(parse(kPost, step).request.body, "hello") << step;
    const Parsed chunked = parse(kChunked, step);
    EXPECT_TRUE(chunked.is_done) << step << chunked.error.message();
    EXPECT_EQ(chunked.request.body, "hello") << step;
  }
}

TEST(RequestParser, RejectsAmbiguousRequests) {
  for (const char* head :
       {"Content-Length: 1\r\nContent-Length: 2\r\n", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: -1\r\n", "Content-Length: 1x\r\n", "Content-Length: 99999999999999999999\r\n",
        "Host: a\r\nHost: b\r\n", "Host : a\r\n", "Origin: http://a\r\nOrigin: http://b\r\n",
        "Origin:\r\nOrigin: http://b\r\n", "Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"}) {
    const Parsed parsed = parse(std::string("POST / HTTP/1.1\r\n") + head + "\r\n1");
    EXPECT_TRUE(parsed.error) << head;
  }
}

// Beast would take the body of each of these for the next request.
TEST(RequestParser, AcceptsOnlyChunkedCoding) {
  for (const char* coding :
       {"gzip", "xchunked", "chunked, chunked", "gzip, chunked", "identity", "", "chunked;q=1"}) {
    EXPECT_TRUE(
        parse(std::string("POST / HTTP/1.1\r\nTransfer-Encoding: ") + coding + "\r\n\r\n0\r\n\r\n").error)
        << coding;
  }
  EXPECT_TRUE(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").error);
  EXPECT_TRUE(parse("POST / HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n").is_done);
}

TEST(RequestParser, JoinsTagsOfSeveralHeaders) {
  const Parsed parsed =
      parse("PUT / HTTP/1.1\r\nIf-Match: \"1\"\r\nIf-Match: \"2\", \"3\"\r\nIf-None-Match:\r\n\r\n");
  EXPECT_EQ(parsed.request.if_match, "\"1\", \"2\", \"3\"");
  EXPECT_EQ(parsed.request.if_none_match, "");
  EXPECT_FALSE(parse("PUT / HTTP/1.1\r\n\r\n").request.if_match);
}

TEST(RequestParser, RejectsALargeBodyWhenItIsAnnounced) {
  EXPECT_TRUE(parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n").is_too_large);
  EXPECT_TRUE(parse("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n" +
                    std::string(101, 'x') + "\r\n0\r\n\r\n")
                  .is_too_large);
  EXPECT_FALSE(parse("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\n").is_too_large);
}

TEST(RequestParser, IgnoresTrailers) {
  const Parsed parsed = parse(
      "POST / HTTP/1.1\r\nHost: h\r\nOrigin: http://evil\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\nOrigin: http://h\r\n\r\n");
  EXPECT_EQ(parsed.request.origin, "http://evil");
}

TEST(RequestParser, ReadsTheHeadersAboutTheCaller) {
  const Parsed parsed = parse(
      "OPTIONS /a HTTP/1.1\r\nHost: h\r\nauthorization: Bearer a.b.c\r\n"
      "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(parsed.request.authorization, "Bearer a.b.c");
  EXPECT_TRUE(parsed.request.has_requested_method);
  EXPECT_FALSE(parse(kPost).request.has_requested_method);
}

TEST(RequestParser, ClearsTheHeadersOfTheLastCaller) {
  Request request;
  request.authorization = "Bearer a.b.c";
  request.challenge = "Bearer";
  request.has_requested_method = true;
  RequestParser parser(request, {}, 100, 1000);
  EXPECT_EQ(request.authorization, "");
  EXPECT_EQ(request.challenge, "");
  EXPECT_EQ(request.principal, nullptr);
  EXPECT_FALSE(request.has_requested_method);
}

TEST(RequestParser, AnEmptyOriginCountsAsOrigin) {
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: h\r\nOrigin:\r\n\r\n").request.origin, "null");
}

}  // namespace
}  // namespace nexus::http
