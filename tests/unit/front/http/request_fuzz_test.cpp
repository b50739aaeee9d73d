// Random bytes of a client, through the parser to the bytes of the response.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "nexus/foundation/json/json.h"
#include "nexus/front/http/request.h"
#include "support/loops.h"
#include "support/steps.h"

namespace nexus::testing {
namespace {

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> all = {
      "POST /panels/p0/trigger/t HTTP/1.1\r\nHost: localhost\r\nContent-Length: 8\r\n\r\n{\"by\":1}",
      "POST /panels/p0/trigger/t?logs=1 HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
      "chunked\r\n\r\n4\r\n{\"a\"\r\n4\r\n:[1]\r\n1\r\n}\r\n0\r\n\r\n",
      "GET /panels?limit=5&after=a HTTP/1.1\r\nHost: localhost\r\n\r\n",
      "GET /panels/p0?include=handlers HTTP/1.1\r\nHost: [::1]:80\r\nIf-None-Match: \"1\", W/\"2\"\r\n\r\n",
      "GET /panels/p0/state HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
      "PUT /panels/p1 HTTP/1.1\r\nHost: localhost\r\nIf-Match: \"1\"\r\nContent-Length: 88\r\n\r\n"
      R"({"kind":"k","tools":[{"name":"t","handler":"return [1]","trigger":{"type":"manual"}}]}  )",
      "DELETE /panels/p1 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n",
      "OPTIONS /panels HTTP/1.1\r\nHost: localhost\r\nOrigin: http://a\r\nAccess-Control-Request-Method: "
      "POST\r\n\r\n",
      "HEAD /health HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nAuthorization: Bearer "
      "a.b.c\r\n\r\n",
      "GET http://x/metrics%2e HTTP/1.1\r\nHost: x\r\n\r\n",
  };
  return all;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::string next() {
    std::string text = seeds()[below(seeds().size())];
    for (std::size_t n = below(6); n > 0 && !text.empty(); --n)
      change(text);
    return text;
  }
  std::size_t below(std::size_t bound) { return random_() % bound; }

 private:
  void change(std::string& text) {
    const std::size_t at = below(text.size());
    switch (below(6)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, 1 + below(8));
        break;
      case 2:
        text.insert(at, 1, "\r\n\0 :;,\"{}[]%/?&="[below(17)]);
        break;
      case 3:
        text.insert(at, text.substr(below(text.size()), 1 + below(40)));
        break;
      case 4:
        text.resize(at);
        break;
      default: {
        const std::string& other = seeds()[below(seeds().size())];
        text += other.substr(below(other.size()));
      }
    }
  }

  std::mt19937_64 random_;
};

// Reads a request from `text` in random pieces; true when it is complete and valid.
bool read(http::Request& request, std::string_view text, Mutator& random) {
  http::RequestParser parser(request, api::Api::table(), 1 << 16, 1 << 12);
  std::string buffer;
  while (!text.empty() || !buffer.empty()) {
    const std::size_t piece = std::min(text.size(), 1 + random.below(50));
    buffer.append(text.substr(0, piece));
    text.remove_prefix(piece);
    boost::beast::error_code error;
    const std::size_t used = parser.put(asio::buffer(buffer), error);
    EXPECT_LE(used, buffer.size());
    buffer.erase(0, used);
    if (parser.is_done()) return true;
    if (error && error != boost::beast::http::error::need_more) return false;
    if (piece == 0) return false;
  }
  return false;
}

Task<void> serve(Loops& loops, http::Request& request, http::Response& response) {
  auto& loop_router = loops[0].loop_router;
  if (const auto refusal = loop_router.refuse_head(request)) {
    response.refuse(*refusal);
  } else if (auto waiting = loop_router.serve(request, response)) {
    co_await *std::move(waiting);
  }
}

TEST(RequestFuzz, EveryRequestGetsAValidResponse) {
  Loops loops(1);
  loops.spawn(0, [](Loops& all) -> Task<void> {
    co_await all.ask(0, http::Method::post, "/panels", definition_of("p0", "$state.n++; return $args"));
  }(loops));
  loops.run();
  Mutator mutator(17);
  std::uint64_t answered = 0;
  for (std::uint64_t step = 0; step < steps(100'000); ++step) {
    const std::string text = mutator.next();
    SCOPED_TRACE(::testing::PrintToString(text));
    http::Request request;
    if (!read(request, text, mutator)) continue;
    http::Response response;
    loops.spawn(0, serve(loops, request, response));
    LoopUnderTest& loop = loops[0];
    loop.loop.restart();
    loop.loop.run();
    ++answered;
    ASSERT_GE(response.status(), 200U);
    ASSERT_LT(response.status(), 500U) << response.body();
    const bool has_json =
        response.status() != 204 && response.status() != 304 && !response.body().starts_with("# HELP");
    ASSERT_TRUE(!has_json || check_json(response.body()) == JsonError::kNone) << response.body();
    const auto parts = response.serialise("now", request.version, http::Response::Connection::kKeep,
                                          http::Response::Body::kSent);
    const std::string_view head(static_cast<const char*>(parts[0].data()), parts[0].size());
    ASSERT_NE(head.find("\r\n\r\n"), std::string_view::npos);
    const std::string_view fields = head.substr(0, head.find("\r\n\r\n"));
    for (std::size_t line = 0; line < fields.size();) {
      const std::size_t end = std::min(fields.find("\r\n", line), fields.size());
      ASSERT_EQ(fields.substr(line, end - line).find_first_of(std::string_view("\r\n\0", 3)),
                std::string_view::npos);
      line = end + 2;
    }
  }
  EXPECT_GT(answered, steps(100'000) / 10) << "the mutations leave too little to be served";
}

}  // namespace
}  // namespace nexus::testing
