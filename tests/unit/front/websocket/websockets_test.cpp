// A WebSocket client over a real connection, with a clock that the test advances.
#include "nexus/front/websocket/websockets.h"

#include <gmock/gmock.h>

#include "nexus/front/api/api.h"
#include "nexus/front/websocket/websocket_client.h"
#include "support/loops.h"

namespace nexus::websocket {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kPingFrame("\x89\x00", 2);
// Masked with zeros, because clients must mask.
constexpr std::string_view kPongFrame("\x8a\x80\0\0\0\0", 6);
constexpr std::string_view kPingMessage("\x81\x8f\0\0\0\0{\"type\":\"PING\"}", 21);

class WebSocketsTest : public ::testing::Test {
 public:
  WebSockets& sockets() { return loops_[0].api.sockets(); }

  // Connects and reads up to the CONNECTED message.
  Task<void> connect() {
    co_await loops_.ask(0, http::Method::post, "/panels", testing::definition_of("p", "return 1"));
    co_await upgrade();
    co_await read_until("CONNECTED");
    received_.clear();
  }
  // The panel emits events_ in the same turn.
  Task<void> upgrade() {
    Acceptor acceptor(loop(), {asio::ip::address_v4::loopback(), 0});
    co_await client_.async_connect(acceptor.local_endpoint(), kAwait);
    Socket served(loop());
    co_await acceptor.async_accept(served, kAwait);
    http::Request request;
    request.method = http::Method::get;
    request.target = "/panels/p/ws";
    request.route = find_route(api::Api::table(), http::Method::get, request.target);
    request.host = "127.0.0.1";
    request.asks_for_websocket = true;
    request.websocket_key = "dGhlIHNhbXBsZSBub25jZQ==";
    request.websocket_version = "13";
    sockets().add({std::move(served), std::move(request), {}});
    Journal journal;
    journal.events.push_back({"e", "1"});
    for (int n = 0; n < events_; ++n)
      loops_[0].shard.subscribers().committed(*loops_[0].registry.find("p"), journal);
  }
  // The test's own time limit ends a wait in vain.
  Task<void> read_until(std::string_view wanted) {
    while (!received_.contains(wanted)) {
      std::array<char, 512> part;
      const std::size_t bytes = co_await client_.async_read_some(asio::buffer(part), kAwait);
      received_.append(part.data(), bytes);
    }
  }
  Task<void> send(std::string_view bytes) {
    co_await asio::async_write(client_, asio::buffer(bytes), kAwait);
  }
  void run(Task<void> test) {
    loops_.spawn(0, std::move(test));
    loops_.run();
  }
  asio::io_context& loop() { return loops_[0].loop; }

  testing::Loops loops_{1};
  Socket client_{loop()};
  std::string received_;
  int events_ = 0;
};

TEST_F(WebSocketsTest, ASilentClientIsPingedAndThenClosed) {
  run([](WebSocketsTest& t) -> Task<void> {
    co_await t.connect();
    t.sockets().tick(WebSocketClient::kPingMs - 1);
    t.sockets().tick(WebSocketClient::kPingMs + 1000);
    co_await t.read_until(kPingFrame);
    EXPECT_EQ(t.received_, kPingFrame) << "one, and not before its time";
    t.sockets().tick(WebSocketClient::kIdleMs - 1);
    t.received_.clear();
    t.sockets().tick(WebSocketClient::kIdleMs + 1000);
    co_await t.read_until("nothing was heard for 75 seconds");
    EXPECT_THAT(t.received_, HasSubstr("\x03\xf0")) << "1008";
  }(*this));
}

TEST_F(WebSocketsTest, AClientThatRespondsStaysConnected) {
  run([](WebSocketsTest& t) -> Task<void> {
    co_await t.connect();
    t.sockets().tick(WebSocketClient::kPingMs + 1000);
    co_await t.read_until(kPingFrame);
    co_await t.send(kPongFrame);
    co_await t.send(kPingMessage);
    co_await t.read_until("PONG");
    t.sockets().tick(WebSocketClient::kIdleMs + 1000);
    EXPECT_EQ(t.sockets().size(), 1u);
    co_await t.send(kPingMessage);
    t.received_.clear();
    co_await t.read_until("PONG");
    EXPECT_THAT(t.received_, Not(HasSubstr("nothing was heard")));
  }(*this));
}

// More than a client may leave unread is written in the turn of the upgrade.
TEST_F(WebSocketsTest, TheResponseToAnUpgradeIsSentWhateverFollowsIt) {
  events_ = 3;
  run([](WebSocketsTest& t) -> Task<void> {
    const std::string large =
        testing::definition_of("p", "for (const key of ['a', 'b']) $state[key] = 'x'.repeat(900000)");
    co_await t.loops_.ask(0, http::Method::post, "/panels", large);
    co_await t.loops_.ask(0, http::Method::post, "/panels/p/trigger/t", "");
    co_await t.upgrade();
    co_await t.read_until(R"("name":"e")");
  }(*this));
  EXPECT_TRUE(received_.starts_with("HTTP/1.1 101 ")) << received_.substr(0, 200);
  EXPECT_THAT(received_, HasSubstr("CONNECTED"));
  EXPECT_GT(received_.size(), 1'800'000U);
}

}  // namespace
}  // namespace nexus::websocket
