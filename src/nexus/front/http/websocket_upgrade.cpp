#include "nexus/front/http/websocket_upgrade.h"

#include <fmt/format.h>

#include "nexus/foundation/base/base64.h"

namespace nexus::http {
namespace {

constexpr std::size_t kKeyBytes = 16;

bool is_key(std::string_view text) {
  const auto bytes = from_base64(text);
  return bytes && bytes->size() == kKeyBytes;
}

// Rejects text that would turn the URL into something else.
bool is_host(std::string_view text) {
  return !text.empty() && text.find_first_of("/\\?#@ \t\"<>") == std::string_view::npos;
}

}  // namespace

std::optional<Error> refuse_upgrade(const Request& request) {
  if (!request.asks_for_websocket) {
    return Error{
        .code = ErrorCode::kUpgradeRequired,
        .message = "this path is a WebSocket: ask for one (Connection: Upgrade, Upgrade: websocket)"};
  }
  if (request.version < 11) {
    return Error{.code = ErrorCode::kInvalidRequest, .message = "a WebSocket needs HTTP/1.1"};
  }
  if (request.websocket_version != "13") {
    return Error{.code = ErrorCode::kUpgradeRequired,
                 .message = "the version of WebSocket spoken here is 13 (Sec-WebSocket-Version)"};
  }
  if (!is_key(request.websocket_key)) {
    return Error{.code = ErrorCode::kInvalidRequest,
                 .message = "Sec-WebSocket-Key must be 16 bytes in base64"};
  }
  return std::nullopt;
}

std::optional<Error> refuse_other_than_websocket(const Request& request) {
  const Route* const path = request.route.path;
  if (request.asks_for_websocket && path != nullptr && path->is_websocket) return std::nullopt;
  const bool names_panel = path != nullptr && path->owner == Owner::kPanel;
  return Error{
      .code = ErrorCode::kUpgradeRequired,
      .message = fmt::format("this port (WS_PORT) serves WebSockets only: connect to /panels/{}/ws; for "
                             "HTTP call the other (HTTP_PORT)",
                             names_panel ? request.name(0) : ":id")};
}

std::string ws_url(const Request& request, std::string_view panel_id, ProxyTrust trust) {
  const bool forwarded = trust == ProxyTrust::kForwarded;
  const bool is_secure =
      forwarded && (request.forwarded_proto == "https" || request.forwarded_proto == "wss");
  const std::string& host =
      forwarded && is_host(request.forwarded_host) ? request.forwarded_host : request.host;
  return fmt::format("{}://{}/panels/{}/ws", is_secure ? "wss" : "ws", host, panel_id);
}

}  // namespace nexus::http
