// One WebSocket client of a panel, on the panel's loop.
//
//   accepted ──CONNECTED──► open ──────────► closing ──► lingering ──► closed
//                           │ reads, is told  │ kCloseMs   │ kLingerMs
//                           └ kPingMs: a ping; kIdleMs without a frame: closing
//
// Its triggers go on when it has gone. Thread safety: none; it belongs to one loop.
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

// RFC 6455 (section 7.4), its registry, and our own.
enum class CloseCode : std::uint16_t {
  kGoingAway = 1001,
  kPolicy = 1008,     // a slow reader, a token that has expired, a client that is silent
  kTryAgain = 1013,   // no memory
  kPanelGone = 4404,  // as 404
};

class WebSocketClient final : public subscribers::Listening,
                              public std::enable_shared_from_this<WebSocketClient> {
 public:
  static constexpr std::int64_t kPingMs = 30'000;
  static constexpr std::int64_t kIdleMs = 75'000;
  static constexpr std::int64_t kCloseMs = 10'000;  // for the client to answer our close
  static constexpr std::int64_t kLingerMs = 2'000;  // for it to close the connection; at drain, for all
  static constexpr std::uint64_t kMostWaitingBytes = 1 << 20;
  static constexpr std::size_t kMostInFlight = 32;

  // `loop` must outlive it. Without a panel, which has gone meanwhile, it is told so and closed.
  WebSocketClient(WebSocketLoop& loop, http::Upgrade upgrade, std::shared_ptr<panels::Panel> panel);

  // Ends when the connection is closed.
  Task<void> run();

  // Looks at the time, every second or so.
  void sweep();
  // Closes as soon as none of its triggers is under way.
  void drain();

  const subscribers::Topics& topics() const override { return topics_; }
  void send(const subscribers::SharedTextPtr& message) override;
  void on_panel_removed() override;
  void on_loss() override;
  // Of an execution that it has started.
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
  void refuse(Refusal refusal, std::string_view request_id_json);
  void send_text(std::string text);
  void push(Frame frame, bool is_unpaid);
  void close(CloseCode code, std::string_view reason);
  void leave();
  void trigger_has_ended(const std::exception_ptr& error);
  Task<void> linger();

  WebSocketLoop& loop_;
  http::Request request_;  // given up once it is accepted, but for the caller
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
