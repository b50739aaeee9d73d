// All WebSocket clients of one loop.
//
// Thread safety: none; it belongs to one loop, which must not run any more when it is destroyed.
#pragma once

#include <list>
#include <memory>

#include "nexus/front/http/websocket_upgrade.h"
#include "nexus/front/websocket/websocket_loop.h"
#include "nexus/runtime/panels/registry.h"

namespace nexus::websocket {

class WebSocketClient;

class WebSockets {
 public:
  WebSockets(WebSocketLoop loop, const panels::Registry& registry);
  ~WebSockets();
  WebSockets(const WebSockets&) = delete;
  WebSockets& operator=(const WebSockets&) = delete;

  // Of a panel of this loop. REQUIRES: the request is for a WebSocket, and admitted.
  void add(http::Upgrade upgrade);
  // To be called a few times a second.
  void tick(std::int64_t now_ms);
  // No new triggers; each client is closed as soon as its own have ended.
  void drain();

  std::size_t size() const { return clients_.size(); }
  // Neither a client is left, nor a trigger of one that has gone.
  bool is_idle() const { return clients_.empty() && loop_.in_flight == 0; }

 private:
  WebSocketLoop loop_;
  const panels::Registry& registry_;
  std::list<std::shared_ptr<WebSocketClient>> clients_;
  std::int64_t swept_ms_ = 0;
};

}  // namespace nexus::websocket
