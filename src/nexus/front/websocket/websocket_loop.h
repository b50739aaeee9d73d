// The data that all WebSocket clients of one loop share.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/tool_calls.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/runtime/subscribers/subscribers.h"

namespace nexus::websocket {

// The least charge for a client: the object, Beast's part, its coroutine, and the kernel's part.
inline constexpr std::uint64_t kClientBytes = 16 << 10;

// All references must outlive the clients.
struct WebSocketLoop {
  Executor executor;
  const Clock& clock;
  budget::Ledger& ledger;
  subscribers::Subscribers& subscribers;
  executions::ToolCalls& calls;
  executions::Executions& executions;
  metrics::Probes& probes;
  std::uint64_t body_limit_bytes = 1 << 20;
  std::int64_t now_ms = 0;    // updated by WebSockets::tick()
  std::size_t in_flight = 0;  // running triggers of all clients, including clients that have gone
  bool is_draining = false;
};

}  // namespace nexus::websocket
