#include "nexus/front/http/websocket_upgrade.h"

#include <gtest/gtest.h>

#include "nexus/front/api/api.h"

namespace nexus::http {
namespace {

Request parsed(const std::string& fields) {
  Request request;
  RequestParser parser(request, api::Api::table(), 1000, 8000);
  const std::string text = "GET /panels/p/ws HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  ErrorCondition error;
  parser.put(asio::buffer(text), error);
  EXPECT_FALSE(error) << error.message();
  return request;
}

const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";

TEST(WebSocketUpgradeTest, BothHeadersAreNeededInAnyCaseAndList) {
  for (const char* fields : {"Connection: Upgrade\r\nUpgrade: websocket\r\n",
                             "connection: keep-alive, upgrade\r\nUPGRADE: h2c, WebSocket\r\n"})
    EXPECT_FALSE(refuse_upgrade(parsed(fields + kKey + kVersion))) << fields;
  for (const char* fields :
       {"", "Connection: Upgrade\r\n", "Upgrade: websocket\r\n",
        "Connection: Upgrade\r\nUpgrade: websockets\r\n", "Connection: close\r\nUpgrade: websocket\r\n"}) {
    const auto refusal = refuse_upgrade(parsed(fields + kKey + kVersion));
    ASSERT_TRUE(refusal) << fields;
    EXPECT_EQ(refusal->code, ErrorCode::kUpgradeRequired);
  }
}

TEST(WebSocketUpgradeTest, OnlyATrustedProxySetsTheUrl) {
  const Request request = parsed("X-Forwarded-Proto: https, http\r\nX-Forwarded-Host: a.example, b\r\n");
  EXPECT_EQ(ws_url(request, "p", ProxyTrust::kNone), "ws://h/panels/p/ws");
  EXPECT_EQ(ws_url(request, "p", ProxyTrust::kForwarded), "wss://a.example/panels/p/ws");
  EXPECT_EQ(ws_url(parsed(""), "p", ProxyTrust::kForwarded), "ws://h/panels/p/ws");
  EXPECT_EQ(ws_url(parsed("X-Forwarded-Host: a/b\r\nX-Forwarded-Proto: javascript\r\n"), "p",
                   ProxyTrust::kForwarded),
            "ws://h/panels/p/ws");
}

}  // namespace
}  // namespace nexus::http
