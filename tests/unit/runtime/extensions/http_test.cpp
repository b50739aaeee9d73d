// $ext.http against correct servers.
#include <atomic>
#include <string>

#include "unit/runtime/extensions/http_fixture.h"

namespace nexus::extensions {
namespace {

TEST_F(HttpTest, GivesStatusHeadersAndBody) {
  HttpServer server(HttpServer::each([](Peer& peer, const std::string&) {
    peer.response("{\"n\":1}",
                  "Content-Type: application/json\r\nX-Two: a\r\nx-two: b\r\nSet-Cookie: c=d\r\n",
                  "418 Teapot");
  }));
  EXPECT_EQ(
      get(server.url()).json,
      R"({"status":418,"headers":{"content-length":"7","content-type":"application/json","x-two":"a, b",)"
      R"("set-cookie":["c=d"]},"body":"{\"n\":1}","json":{"n":1}})");
  EXPECT_GT(started_.ttl_ms, config_.timeout_ms);
}

TEST_F(HttpTest, SendsMethodHeadersAndBody) {
  std::string seen;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string& request) {
    seen = request;
    peer.response("");
  }));
  call(
      "request",
      R"([{"url":")" + server.url("/a?b=c") +
          R"(","method":"put","body":{"a":1},"headers":{"X-A":"ü","X-Empty":"","Authorization":"Bearer t"}}])");
  EXPECT_THAT(seen, ::testing::StartsWith("PUT /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:" + server.port()));
  EXPECT_THAT(seen, HasSubstr("X-A: ü\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Empty:\r\n"));
  EXPECT_THAT(seen, HasSubstr("Authorization: Bearer t\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(seen, ::testing::EndsWith("\r\n\r\n{\"a\":1}"));

  call("post", "[\"" + server.url() + "\"]");
  EXPECT_THAT(seen, HasSubstr("Content-Length: 0\r\n"));
  EXPECT_THAT(seen, Not(HasSubstr("Content-Type")));
  call("delete", "[\"" + server.url() + "\",{\"base64\":\"AAE=\"}]");
  EXPECT_THAT(seen, ::testing::StartsWith("DELETE / "));
  EXPECT_THAT(seen, ::testing::EndsWith(std::string("\r\n\r\n\0\1", 6)));
  call("get", "[\"" + server.url() + "\"]");
  EXPECT_THAT(seen, ::testing::StartsWith("GET / "));
  EXPECT_THAT(seen, Not(HasSubstr("Content-Length")));
  call("request", R"([{"method":"HEAD","url":")" + server.url() + "\"}]");
  EXPECT_THAT(seen, ::testing::StartsWith("HEAD / "));
}

TEST_F(HttpTest, ALargeBodyIsSentWithoutExpect) {
  std::size_t size = 0;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string& request) {
    size = request.size();
    EXPECT_THAT(request.substr(0, 500), Not(HasSubstr("Expect")));
    peer.response("");
  }));
  call("post", "[\"" + server.url() + "\",\"" + std::string(3'000'000, 'x') + "\"]");
  EXPECT_GT(size, 3'000'000u);
}

TEST_F(HttpTest, ReusesConnections) {
  HttpServer server(HttpServer::each([](Peer& peer, const std::string&) { peer.response("x"); }));
  for (int i = 0; i < 5; ++i)
    expect_value(get(server.url()), "\"body\":\"x\"");
  EXPECT_EQ(server.connections(), 1u);
}

TEST_F(HttpTest, FollowsRedirectsAsBrowsersDo) {
  std::vector<std::string> seen;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string& request) {
    seen.push_back(request);
    const auto go = [&](const char* status, const char* where) {
      peer.response("gone", "Location: " + std::string(where) + "\r\n", status);
    };
    if (request.contains("?end")) return void(peer.response("end"));
    if (request.contains("/301")) return go("301 Moved", "/303");
    if (request.contains("/303")) return go("303 See", "307");
    if (request.contains("/307")) go("307 Temporary", "?end");
  }));
  expect_value(call("post", "[\"" + server.url("/301") +
                                "\",\"x\",{\"headers\":{\"Cookie\":\"c\",\"Content-Language\":\"de\"}}]"),
               "\"body\":\"end\"");
  ASSERT_EQ(seen.size(), 4u);
  EXPECT_THAT(seen[1], ::testing::StartsWith("GET /303 "));
  EXPECT_THAT(seen[1], Not(HasSubstr("Content-")));
  EXPECT_THAT(seen[3], ::testing::StartsWith("GET /307?end "));
  EXPECT_THAT(seen[3], HasSubstr("Cookie: c"));

  seen.clear();
  expect_value(call("post", "[\"" + server.url("/307") + "\",\"x\"]"), "\"body\":\"end\"");
  EXPECT_THAT(seen.at(1), ::testing::StartsWith("POST /307?end "));
  EXPECT_THAT(seen.at(1), ::testing::EndsWith("\r\n\r\nx"));
}

TEST_F(HttpTest, ARedirectWithoutLocationIsAResponse) {
  HttpServer server(
      HttpServer::each([](Peer& peer, const std::string&) { peer.response("x", "", "302 Found"); }));
  expect_value(get(server.url()), "\"status\":302");
}

TEST_F(HttpTest, SendsNoCredentialsToOtherOrigins) {
  std::string seen;
  HttpServer other(HttpServer::each([&](Peer& peer, const std::string& request) {
    seen = request;
    peer.response("");
  }));
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string&) {
    peer.response("", "Location: " + other.url("/there") + "\r\n", "302 Found");
  }));
  call("get",
       "[\"" + server.url() + R"(",{"headers":{"authorization":"Bearer s","COOKIE":"s","x-mine":"1"}}])");
  EXPECT_THAT(seen, ::testing::StartsWith("GET /there "));
  EXPECT_THAT(seen, Not(HasSubstr("uthorization")));
  EXPECT_THAT(seen, Not(HasSubstr("COOKIE")));
  EXPECT_THAT(seen, HasSubstr("x-mine: 1"));
}

TEST_F(HttpTest, LimitsConcurrencyAndTakesPanelsInTurn) {
  config_.max_concurrent = 1;
  Gate gate;
  std::vector<std::string> order;
  std::atomic<int> at_once = 0;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string& request) {
    EXPECT_EQ(++at_once, 1);
    gate.wait();
    order.push_back(request.substr(5, 2));
    --at_once;
    peer.response("");
  }));
  const auto ask = [&](const std::string& path, std::string_view panel) {
    return begin("get", "[\"" + server.url(path) + "\"]", panel);
  };
  for (const char* path : {"/a1", "/a2", "/a3", "/a4"})
    ask(path, "a");
  for (const char* path : {"/b1", "/b2"})
    ask(path, "b");
  gate.open();
  settlements_.wait_for(6);
  EXPECT_THAT(order, ::testing::ElementsAre("a1", "a2", "b1", "a3", "b2", "a4"));
}

TEST_F(HttpTest, AThousandConcurrentRequests) {
  config_.max_concurrent = 50;
  std::atomic<int> count = 0;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string&) {
    ++count;
    peer.response("x");
  }));
  for (int i = 0; i < 1000; ++i)
    begin("get", "[\"" + server.url() + "\"]", i % 2 == 0 ? "a" : "b");
  settlements_.wait_for(1000);
  EXPECT_EQ(count, 1000);
  EXPECT_LE(server.connections(), 50u);
  for (std::uint64_t id = 1; id <= 1000; ++id)
    expect_value(settlements_.of(CallId{id}), "\"body\":\"x\"");
}

TEST_F(HttpTest, QueueTimeCountsIntoTheTimeout) {
  config_.max_concurrent = 1;
  Gate gate;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string&) {
    gate.wait();
    peer.response("x");
  }));
  const CallId first = begin("get", "[\"" + server.url() + "\"]");
  const Settlement second = get_within(server.url(), 20);
  EXPECT_TRUE(is_error(second, "TimeoutError"));
  EXPECT_THAT(second.json, HasSubstr("HTTP_MAX_CONCURRENT"));
  gate.open();
  expect_value(settlements_.of(first), "\"body\":\"x\"");
}

TEST_F(HttpTest, ACancelledRequestIsRemovedAtOnce) {
  config_.max_concurrent = 1;
  Gate arrived, gone;
  HttpServer server([&](Peer& peer) {
    const auto request = peer.read();
    if (request && request->contains("/next")) return void(peer.response("x"));
    arrived.open();
    peer.wait_for_end();
    gone.open();
  });
  const CallId held = begin("get", "[\"" + server.url() + "\"]");
  const CallId waiting = begin("get", "[\"" + server.url() + "\"]");
  const CallId next = begin("get", "[\"" + server.url("/next") + "\"]");
  arrived.wait();
  http_->cancel(waiting);
  http_->cancel(held);
  http_->cancel(CallId{999});
  gone.wait();
  expect_value(settlements_.of(next), "\"body\":\"x\"");
  EXPECT_FALSE(settlements_.has(held));
  EXPECT_FALSE(settlements_.has(waiting));
}

TEST_F(HttpTest, EndsWithRequestsInProgress) {
  Gate arrived;
  HttpServer server([&](Peer& peer) {
    peer.read();
    arrived.open();
    peer.wait_for_end();
  });
  const CallId id = begin("get", "[\"" + server.url() + "\"]");
  arrived.wait();
  http_.reset();
  EXPECT_FALSE(settlements_.has(id));
}

TEST_F(HttpTest, IgnoresProxiesOfTheEnvironment) {
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"})
    setenv(name, "http://127.0.0.1:1", 1);
  HttpServer server(HttpServer::each([](Peer& peer, const std::string&) { peer.response("x"); }));
  expect_value(get(server.url()), "\"body\":\"x\"");
  for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"})
    unsetenv(name);
}

TEST_F(HttpTest, RequestsInProgressAreCharged) {
  Gate gate;
  HttpServer server(HttpServer::each([&](Peer& peer, const std::string&) {
    gate.wait();
    peer.response("x");
  }));
  const CallId id = begin("post", "[\"" + server.url() + "\",\"" + std::string(50'000, 'x') + "\"]");
  EXPECT_GT(ledger_.granted(budget::Kind::kBuffers), 50'000u);
  gate.open();
  settlements_.of(id);
}

TEST(HttpMemoryTest, ARefusedGrantIsAnError) {
  Gate gate;
  HttpServer server(
      HttpServer::each([&](Peer& peer, const std::string&) { peer.response(std::string(90'000, 'x')); }));
  // Each total suffices, or not, for the request and for its response.
  for (const auto& [total, is_enough] :
       {std::pair{500ull, false}, {50'000ull, false}, {200'000ull, false}, {2'000'000ull, true}}) {
    budget::BoundedLedger ledger;
    ledger.set(total, {}, {});
    FakeSettlements settlements;
    config::HttpExtensionConfig config;
    config.allow_private = true;
    const auto http = *create_http(config, kMostBody, ledger);
    http->start({CallId{1}, "get", "[\"" + server.url() + "\"]", "p"}, settlements);
    const Settlement settlement = settlements.of(CallId{1});
    EXPECT_EQ(settlement.kind == Settlement::Kind::kValue, is_enough)
        << total << settlement.json.substr(0, 200);
    if (is_enough) continue;
    EXPECT_TRUE(is_error(settlement, "MemoryLimit")) << total;
    EXPECT_THAT(settlement.json, HasSubstr("no memory to give"));
  }
}

}  // namespace
}  // namespace nexus::extensions
