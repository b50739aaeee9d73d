#include "nexus/front/websocket/websocket_client.h"

#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <limits>

#include "nexus/front/auth/authorizer.h"
#include "nexus/front/websocket/websocket_messages.h"
#include "nexus/runtime/executions/suspensions.h"

namespace nexus::websocket {
namespace {

namespace beast_http = boost::beast::http;
namespace beast_websocket = boost::beast::websocket;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
constexpr std::size_t kReadBytes = 64 << 10;  // the most that one read takes
constexpr std::size_t kSmallBytes = 4 << 10;  // of a message: covered by kClientBytes

// Beast checks the upgrade again, and responds to it.
beast_http::request<beast_http::empty_body> as_beast_has_it(const http::Request& request) {
  beast_http::request<beast_http::empty_body> upgrade(beast_http::verb::get, request.target, 11);
  upgrade.set(beast_http::field::host, request.host);
  upgrade.set(beast_http::field::connection, "Upgrade");
  upgrade.set(beast_http::field::upgrade, "websocket");
  upgrade.set(beast_http::field::sec_websocket_key, request.websocket_key);
  upgrade.set(beast_http::field::sec_websocket_version, request.websocket_version);
  return upgrade;
}

}  // namespace

WebSocketClient::WebSocketClient(WebSocketLoop& loop, http::Upgrade upgrade,
                                 std::shared_ptr<panels::Panel> panel)
    : loop_(loop),
      request_(std::move(upgrade.request)),
      panel_(std::move(panel)),
      held_(loop.ledger.open(budget::Kind::kBuffers)),
      queue_(std::make_shared<FrameQueue>(std::move(upgrade.socket), loop.ledger)),
      stream_(queue_, std::move(upgrade.already_read)),
      heard_ms_(loop.now_ms),
      pinged_ms_(loop.now_ms),
      deadline_ms_(kNever) {
  held_.set_to(kClientBytes);
}

Task<void> WebSocketClient::run() {
  if (accept()) greet();
  for (;;) {
    const bool has_message = co_await read_message();  // as a condition GCC 12 gives the frame two layouts
    if (!has_message) break;
    if (!is_closing_) take({static_cast<const char*>(buffer_.data().data()), buffer_.size()});
    buffer_.clear();
    if (buffer_.capacity() > kSmallBytes) buffer_.shrink_to_fit();
    held_.set_to(kClientBytes);
  }
  is_closing_ = true;
  leave();
  co_await linger();
  queue_->close();
}

bool WebSocketClient::accept() {
  stream_.set_option(beast_websocket::stream_base::decorator(
      [](beast_websocket::response_type& response) { response.set("Nexus-Api-Version", "2"); }));
  stream_.read_message_max(loop_.body_limit_bytes);
  stream_.control_callback(
      [this](beast_websocket::frame_type, boost::beast::string_view) { heard_ms_ = loop_.now_ms; });
  ErrorCondition error;
  stream_.accept(as_beast_has_it(request_), error);
  queue_->send_now();  // so that the messages after it do not count as waiting behind it
  auto principal = std::move(request_.principal);
  request_ = http::Request();
  request_.principal = std::move(principal);
  return !error;
}

// No change can happen between these two lines, so the client misses none and receives none twice.
void WebSocketClient::greet() {
  if (!panel_) return on_panel_removed();
  send_text(subscribers::connected_message(*panel_));
  loop_.subscribers.join(*panel_, *this);
  if (loop_.is_draining) drain();
}

// Reads one message into the buffer. False: the connection has ended.
Task<bool> WebSocketClient::read_message() {
  do {
    const auto [error, bytes] = co_await stream_.async_read_some(buffer_, kReadBytes, kAwaitTuple);
    heard_ms_ = loop_.now_ms;
    if (error) co_return false;
    if (buffer_.size() <= kSmallBytes || is_closing_) continue;
    if (!held_.grow_to(kClientBytes + 3 * buffer_.size() + kReadBytes))
      close(CloseCode::kTryAgain, "there is no memory for so long a message now");
  } while (!stream_.is_message_done());
  co_return true;
}

void WebSocketClient::take(std::string_view message) {
  if (loop_.clock.unix_ms() >= auth::principal_of(request_).expires_ms())
    return close(CloseCode::kPolicy, "the token has expired");
  if (!stream_.got_text()) return refuse(refuse_message_part("", "must be a text, not binary"), {});
  auto command = read_command(message);
  if (!command) return refuse(command.error().refusal, command.error().request_id_json);
  std::visit([&](auto& what) { carry_out(std::move(what), std::move(command->request_id_json)); },
             command->what);
}

void WebSocketClient::carry_out(SubscribeCommand command, const std::string& request_id_json) {
  for (const std::string& topic : command.topics) {
    if (topics_.add(topic)) continue;
    return refuse(
        {Error{.code = ErrorCode::kResourceLimit,
               .message = fmt::format("a client has at most {} topics", subscribers::Topics::kMost)}},
        request_id_json);
  }
}

void WebSocketClient::carry_out(UnsubscribeCommand command, const std::string&) {
  for (const std::string& topic : command.topics)
    topics_.remove(topic);
}

void WebSocketClient::carry_out(PingCommand, const std::string&) { send_text(std::string(kPong)); }

void WebSocketClient::carry_out(TriggerCommand command, std::string request_id_json) {
  if (!auth::principal_of(request_).may(Scope::kTrigger)) {
    return refuse(
        {Error{.code = ErrorCode::kForbidden,
               .message = fmt::format("the token's scope does not have \"{}\"", name(Scope::kTrigger))}},
        request_id_json);
  }
  if (loop_.is_draining) {
    return refuse({not_started(EndReason::kServerShutdown)}, request_id_json);
  }
  if (in_flight_ >= kMostInFlight) {
    return refuse(
        {Error{.code = ErrorCode::kResourceLimit,
               .message = fmt::format("{} triggers of this client are in progress, and no more may be: "
                                      "wait for a RESULT",
                                      in_flight_)}},
        request_id_json);
  }
  auto held = loop_.ledger.grant(budget::Kind::kBuffers, command.args_json.capacity());
  if (!held) return refuse({std::move(held.error())}, request_id_json);
  ++in_flight_;
  ++loop_.in_flight;
  asio::co_spawn(loop_.executor, trigger(std::move(command), std::move(request_id_json), *std::move(held)),
                 [self = shared_from_this()](std::exception_ptr error) {
                   must_not_throw(std::move(error));
                   --self->in_flight_;
                   --self->loop_.in_flight;
                   if (self->is_draining_) self->drain();
                 });
}

Task<void> WebSocketClient::trigger(TriggerCommand command, std::string request_id_json,
                                    [[maybe_unused]] budget::Grant held) {
  auto call = loop_.calls.find(panel_, command.tool, command.args_json);
  if (!call) co_return refuse(call.error(), request_id_json);
  call->progress_to_caller = true;
  std::string text;
  const auto outcome = co_await loop_.executions.run(
      *std::move(call), [&](const ExecutionResult& ended) { text = result_message(ended, request_id_json); });
  if (!outcome) co_return refuse({outcome.error()}, request_id_json);
  if (outcome->execution != nullptr) text = co_await result_of(outcome->execution, request_id_json);
  send_text(std::move(text));
}

// Waits for the end of a suspended execution, and reports each of its suspensions once.
Task<std::string> WebSocketClient::result_of(executions::ExecutionPtr execution,
                                             std::string request_id_json) {
  constexpr std::chrono::hours kLong{24};
  std::uint32_t next_number = 0;
  while (!execution->has_ended()) {
    for (const executions::PendingCall& call : execution->pending) {
      if (call.number < next_number) continue;
      next_number = call.number + 1;
      const std::string id = suspension_id(call);
      send_progress({execution->id, id, "suspended", call.data_json}, request_id_json);
    }
    co_await loop_.executions.wait_for_next(execution, kLong);
  }
  co_return result_message(*execution->result, request_id_json);
}

void WebSocketClient::refuse(ErrorResponse refusal, std::string_view request_id_json) {
  refusal.error = loop_.probes.refused(std::move(refusal.error));
  send_text(error_message(refusal, request_id_json));
}

void WebSocketClient::send_progress(const subscribers::Progress& progress, std::string_view request_id_json) {
  send_text(progress_message(progress, request_id_json));
}

void WebSocketClient::send_text(std::string text) {
  send(subscribers::share_text(std::move(text), loop_.ledger));
}

void WebSocketClient::send(const subscribers::SharedTextPtr& message) {
  push(Frame(message), message->is_unpaid);
}

// A client that keeps up has only the frame that is being sent, however large.
void WebSocketClient::push(Frame frame, bool is_unpaid) {
  if (is_closing_) return;
  const std::uint64_t waiting = queue_->waiting_bytes();
  const bool is_behind = waiting > kMostWaitingBytes;
  if (!is_behind && !(is_unpaid && waiting > 0)) return queue_->push(std::move(frame));
  queue_->drop_waiting();
  if (is_behind) return close(CloseCode::kPolicy, "more than 1 MiB waits: messages are not read fast enough");
  close(CloseCode::kTryAgain, "there is no memory for messages to wait in");
}

void WebSocketClient::on_panel_removed() { close(CloseCode::kPanelGone, text_of(EndReason::kPanelDeleted)); }

// Unsubscribes in a later turn of the loop: this may be called while the subscribers are being notified.
void WebSocketClient::close(CloseCode code, std::string_view reason) {
  if (std::exchange(is_closing_, true)) return;
  deadline_ms_ = loop_.now_ms + (loop_.is_draining ? kLingerMs : kCloseMs);
  stream_.async_close({static_cast<beast_websocket::close_code>(code), reason},
                      [self = shared_from_this()](ErrorCondition) {});
  asio::post(loop_.executor, [self = shared_from_this()] { self->leave(); });
}

void WebSocketClient::leave() {
  if (panel_) loop_.subscribers.leave(*panel_, *this);
}

// As Connection::linger(): closing while the client still sends could lose our last frames.
Task<void> WebSocketClient::linger() {
  deadline_ms_ = std::min(deadline_ms_, loop_.now_ms + kLingerMs);
  queue_->finish();
  buffer_ = {};
  std::array<char, 512> unread;
  for (;;) {
    const auto [error, bytes] = co_await queue_->socket().async_read_some(asio::buffer(unread), kAwaitTuple);
    if (error) co_return;
  }
}

void WebSocketClient::sweep() {
  if (loop_.now_ms >= deadline_ms_) return queue_->close();
  if (is_closing_) return;
  if (loop_.clock.unix_ms() >= auth::principal_of(request_).expires_ms())
    return close(CloseCode::kPolicy, "the token has expired");
  if (loop_.now_ms - heard_ms_ >= kIdleMs)
    return close(CloseCode::kPolicy, "nothing was heard for 75 seconds");
  if (loop_.now_ms - pinged_ms_ < kPingMs) return;
  pinged_ms_ = loop_.now_ms;
  push(ping_frame(), false);
}

void WebSocketClient::drain() {
  is_draining_ = true;
  if (is_closing_) deadline_ms_ = std::min(deadline_ms_, loop_.now_ms + kLingerMs);
  if (in_flight_ == 0) close(CloseCode::kGoingAway, text_of(EndReason::kServerShutdown));
}

}  // namespace nexus::websocket
