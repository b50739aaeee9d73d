#include "nexus/front/websocket/websockets.h"

#include <boost/asio/co_spawn.hpp>

#include "nexus/front/websocket/websocket_client.h"

namespace nexus::websocket {
namespace {

constexpr std::int64_t kSweepMs = 1000;  // a sweep over ten thousand clients takes a millisecond

}  // namespace

WebSockets::WebSockets(WebSocketLoop loop, const panels::Registry& registry)
    : loop_(loop), registry_(registry) {}

WebSockets::~WebSockets() = default;

void WebSockets::add(http::Upgrade upgrade) {
  auto panel = registry_.find(upgrade.request.name(0));
  clients_.push_front(std::make_shared<WebSocketClient>(loop_, std::move(upgrade), std::move(panel)));
  const auto client = clients_.begin();
  asio::co_spawn(loop_.executor, (*client)->run(), [this, client](std::exception_ptr error) {
    clients_.erase(client);
    must_not_throw(std::move(error));
  });
}

void WebSockets::tick(std::int64_t now_ms) {
  loop_.now_ms = now_ms;
  if (now_ms - swept_ms_ < kSweepMs) return;
  swept_ms_ = now_ms;
  for (const auto& client : clients_)
    client->sweep();
}

void WebSockets::drain() {
  loop_.is_draining = true;
  for (const auto& client : clients_)
    client->drain();
}

}  // namespace nexus::websocket
