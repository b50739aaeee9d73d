// The upgrade from HTTP to WebSocket: the check of a request, and the URL of a panel's WebSocket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"
#include "nexus/front/http/request.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

// A connection after its upgrade.
struct Upgrade {
  Socket socket;
  Request request;
  std::string already_read;  // bytes after the request
};

inline constexpr unsigned kSwitchingProtocols = 101;

// Why a request for /panels/:id/ws is no valid upgrade (RFC 6455, section 4.2.1): kUpgradeRequired, kInvalidRequest.
std::optional<Error> refuse_upgrade(const Request& request);
// Why the port for WebSockets rejects a request for something else: kUpgradeRequired.
std::optional<Error> refuse_other_than_websocket(const Request& request);

// Whether a proxy in front of the server tells the scheme and host that clients use: X-Forwarded-Proto and
// X-Forwarded-Host.
enum class ProxyTrust : bool { kNone, kForwarded };

// "wss://host/panels/sums/ws": the panel's WebSocket, as the sender of `request` can reach it.
std::string ws_url(const Request& request, std::string_view panel_id, ProxyTrust trust);

}  // namespace nexus::http
