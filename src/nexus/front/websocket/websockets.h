// All WebSocket clients of one loop.
//
// Thread safety: none; it belongs to one loop. REQUIRES: the loop does not run any more when this object is destroyed.
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

  // Adds a client of one of this loop's panels. REQUIRES: the request is a valid upgrade and was admitted.
  void add(http::Upgrade upgrade);
  // To be called a few times a second.
  void tick(std::int64_t now_ms);
  // Rejects new triggers, and closes each client as soon as its own triggers have ended.
  void drain();

  std::size_t size() const { return clients_.size(); }
  // True when no client is left, and no trigger of a client that has gone.
  bool is_idle() const { return clients_.empty() && loop_.in_flight == 0; }

 private:
  WebSocketLoop loop_;
  const panels::Registry& registry_;
  std::list<std::shared_ptr<WebSocketClient>> clients_;
  std::int64_t swept_ms_ = 0;
};

}  // namespace nexus::websocket
