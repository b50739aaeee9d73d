// One WebSocket client of a panel, on the panel's loop.
//
//   accepted ──CONNECTED──► open ───────────────► closing ──► lingering ──► closed
//                           │ reads, is notified  │ kCloseMs   │ kLingerMs
//                           └ kPingMs: a ping; kIdleMs without a frame: closing
//
// Executions that it triggered continue after the client has gone. Thread safety: none; it belongs to one loop.
#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <cstdint>
#include <memory>

#include "nexus/front/http/websocket_upgrade.h"
#include "nexus/front/websocket/websocket_command.h"
#include "nexus/front/websocket/websocket_layer.h"
#include "nexus/front/websocket/websocket_loop.h"

namespace nexus::websocket {

// Codes of RFC 6455 (section 7.4), of its registry, and of this server.
enum class CloseCode : std::uint16_t {
  kGoingAway = 1001,
  kPolicy = 1008,     // a slow reader, an expired token, a silent client
  kTryAgain = 1013,   // no memory
  kPanelGone = 4404,  // like status 404
};

class WebSocketClient final : public subscribers::Subscriber,
                              public std::enable_shared_from_this<WebSocketClient> {
 public:
  static constexpr std::int64_t kPingMs = 30'000;
  static constexpr std::int64_t kIdleMs = 75'000;
  static constexpr std::int64_t kCloseMs = 10'000;  // for the client to reply to our close frame
  static constexpr std::int64_t kLingerMs =
      2'000;  // for the client to close the connection; also the time of all clients at drain
  static constexpr std::uint64_t kMostWaitingBytes = 1 << 20;
  static constexpr std::size_t kMostInFlight = 32;

  // `loop` must outlive the client. `panel` is null when it was removed meanwhile; the client is then closed with
  // kPanelGone.
  WebSocketClient(WebSocketLoop& loop, http::Upgrade upgrade, std::shared_ptr<panels::Panel> panel);

  // Serves the connection; ends when it is closed.
  Task<void> run();

  // Checks deadlines; to be called about every second.
  void sweep();
  // Closes as soon as the client's own triggers have ended.
  void drain();

  const subscribers::Topics& topics() const override { return topics_; }
  void send(const subscribers::SharedTextPtr& message) override;
  void on_panel_removed() override;
  // Reports the progress of an execution that this client triggered.
  void send_progress(const subscribers::Progress& progress, std::string_view request_id_json);

 private:
  using Stream = boost::beast::websocket::stream<WebSocketLayer, false>;

  bool accept();
  void greet();
  Task<bool> read_message();
  void take(std::string_view message);
  void carry_out(TriggerCommand command, std::string request_id_json);
  void carry_out(SubscribeCommand command, const std::string& request_id_json);
  void carry_out(UnsubscribeCommand command, const std::string&);
  void carry_out(PingCommand, const std::string&);
  Task<std::string> result_of(executions::ExecutionPtr execution, std::string request_id_json);
  Task<void> trigger(TriggerCommand command, std::string request_id_json, budget::Grant held);
  void refuse(ErrorResponse refusal, std::string_view request_id_json);
  void send_text(std::string text);
  void push(Frame frame, bool is_unpaid);
  void close(CloseCode code, std::string_view reason);
  void leave();
  Task<void> linger();

  WebSocketLoop& loop_;
  http::Request request_;  // cleared after the upgrade, except for the principal
  std::shared_ptr<panels::Panel> panel_;
  budget::Grant held_;
  std::shared_ptr<FrameQueue> queue_;
  Stream stream_;
  boost::beast::flat_buffer buffer_;
  subscribers::Topics topics_;
  std::size_t in_flight_ = 0;
  std::int64_t heard_ms_;
  std::int64_t pinged_ms_;
  std::int64_t deadline_ms_;
  bool is_closing_ = false;
  bool is_draining_ = false;
};

}  // namespace nexus::websocket
