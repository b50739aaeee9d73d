// From an HTTP request to a WebSocket: what must be in the request, and where clients are sent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"
#include "nexus/front/http/request.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::http {

// A connection that is no HTTP any more.
struct Upgrade {
  Socket socket;
  Request request;
  std::string already_read;  // behind the request
};

inline constexpr unsigned kSwitchingProtocols = 101;

// Why a request for /panels/:id/ws is no upgrade (RFC 6455, section 4.2.1): kUpgradeRequired, kInvalidRequest.
std::optional<Error> refuse_upgrade(const Request& request);
// Why the port that serves WebSockets only does not serve this request at all: kUpgradeRequired.
std::optional<Error> refuse_other_than_websocket(const Request& request);

// Whether a proxy before us says what clients call us: X-Forwarded-Proto and X-Forwarded-Host.
enum class ProxyTrust : bool { kNone, kForwarded };

// "wss://host/panels/sums/ws": where whoever sent `request` finds the panel's WebSocket.
std::string ws_url(const Request& request, std::string_view panel_id, ProxyTrust trust);

}  // namespace nexus::http
