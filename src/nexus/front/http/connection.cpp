#include "nexus/front/http/connection.h"

#include <fmt/format.h>

#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <limits>

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/foundation/base/random.h"
#include "nexus/front/http/access_log.h"
#include "nexus/front/http/route.h"

namespace nexus::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
// Larger than a usual request: a read that does not fill the buffer has taken all that was there.
constexpr std::size_t kReadBytes = 8 << 10;
constexpr std::size_t kBodyReadBytes = 64 << 10;
constexpr std::int64_t kRestMs = 1000;        // idle time after which large buffers are freed
constexpr std::size_t kSmallBytes = 4 << 10;  // covered by kConnectionBytes
constexpr std::size_t kMostKeptBytes = 32 << 10;
// Reads are accepted, because operators must see the state of a server that has no memory left, and so are deletions,
// because they free memory.
bool takes_memory(Method method) { return !is_read(method) && method != Method::delete_; }

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

std::string authority_of(const asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  return endpoint.address().is_v6() ? fmt::format("[{}]:{}", address, endpoint.port())
                                    : fmt::format("{}:{}", address, endpoint.port());
}

Connection::Connection(Socket socket, Port port, Service& service, const ConnectionRules& rules,
                       const LoopTime& time, budget::Ledger& ledger)
    : socket_(std::move(socket)),
      port_(port),
      service_(service),
      rules_(rules),
      time_(time),
      held_(ledger.open(budget::Kind::kBuffers)) {
  if (auto paid = held_.grow_to(kConnectionBytes, budget::Need::kStart); !paid) {
    unpaid_ = std::move(paid.error());
    held_.set_to(kConnectionBytes);
  }
}

void Connection::enter(Phase phase, std::int64_t limit_ms) {
  phase_ = phase;
  deadline_ms_ = limit_ms == kNever ? kNever : time_.now_ms + limit_ms;
}

void Connection::sweep() {
  const bool has_rested = phase_ == Phase::kIdle && time_.now_ms >= deadline_ms_ - rules_.idle_ms + kRestMs;
  if (has_rested && held_.bytes() > kConnectionBytes) give_back_buffers();
  if (time_.now_ms < deadline_ms_) return;
  is_late_ = true;
  deadline_ms_ = kNever;
  ErrorCondition ignored;
  socket_.cancel(ignored);
}

// Frees the large buffers of past requests. REQUIRES: idle, and no byte of the next request was received.
void Connection::give_back_buffers() {
  if (buffer_.size() > 0) return;
  request_.body = {};
  response_ = {};
  held_.set_to(bytes_held());
}

void Connection::drain() {
  is_draining_ = true;
  if (phase_ != Phase::kIdle) return;
  ErrorCondition ignored;
  socket_.cancel(ignored);
}

Task<void> Connection::run() {
  for (;;) {
    const Next next = co_await read_request();
    if (next == Next::kClosed) break;
    if (next == Next::kServe) co_await serve();
    service_.count_response(request_, response_.status());
    if (next == Next::kServe && response_.status() == kSwitchingProtocols) co_return hand_over();
    const bool keep = next == Next::kServe && request_.keep_alive && !is_draining_;
    enter(Phase::kWriting, rules_.write_ms);
    const auto parts = response_.serialise(
        time_.date, request_.version, keep ? Response::Connection::kKeep : Response::Connection::kClose,
        request_.method == Method::head ? Response::Body::kOnlyDescribed : Response::Body::kSent,
        request_.trace.request_id);
    const bool is_written = co_await write(parts);
    if (rules_.logs_access) log_access();
    if (!is_written) break;
    response_.clear();
    held_.set_to(bytes_held());
    if (!keep) {
      co_await linger();
      break;
    }
  }
  close();
}

Task<void> Connection::serve() {
  enter(Phase::kServing, kNever);
  response_.clear();
  if (rules_.logs_access && request_.trace.request_id.empty())
    request_.trace.request_id = fmt::format("{:016x}", random_u64());
  if (auto waiting = service_.serve(request_, response_)) co_await *std::move(waiting);
  pay_for_response();
  // Sends all responses of one turn of the loop together at its end: only the first write has to wake the reader, and
  // waking is most of a write's cost.
  co_await asio::post(socket_.get_executor(), kAwait);
}

Task<Connection::Next> Connection::read_request() {
  RequestParser parser(request_, service_.routes(), rules_.body_limit_bytes, rules_.header_limit_bytes);
  head_checked_ = false;
  if (buffer_.size() == 0 && buffer_.capacity() > kMostKeptBytes) buffer_.shrink_to_fit();
  enter(Phase::kIdle, rules_.idle_ms);
  bool asked_to_continue = false;
  for (;;) {
    if (buffer_.size() > 0) {
      if (phase_ == Phase::kIdle) begin_request();
      if (const auto next = parse(parser)) co_return *next;
    }
    if (head_checked_ && request_.expects_continue && !std::exchange(asked_to_continue, true)) {
      const std::array<asio::const_buffer, 2> parts{asio::buffer(kContinue), asio::const_buffer()};
      if (!co_await write(parts)) co_return Next::kClosed;
    }
    if (head_checked_) {
      if (const auto refused = pay_for_body()) co_return *refused;
    }
    if (phase_ == Phase::kIdle && is_draining_) {
      if (!take_what_is_there()) co_return Next::kClosed;
      continue;
    }
    if (!co_await fill_buffer()) {
      if (phase_ == Phase::kIdle && is_draining_) continue;
      if (phase_ == Phase::kIdle) co_return Next::kClosed;
      if (is_late_) co_return refuse(ErrorCode::kInvalidRequest, "the request did not arrive in time", 408);
      co_return refuse(ErrorCode::kInvalidRequest, "the request ended before it was complete", 400);
    }
  }
}

void Connection::begin_request() {
  enter(Phase::kReading, rules_.read_ms);
  if (rules_.logs_access) began_ = TimerClock::now();
}

void Connection::log_access() {
  const auto took = TimerClock::now() - began_;
  ErrorCondition error;
  const auto peer = socket_.remote_endpoint(error);
  write_access(request_, {.status = response_.status(),
                          .body_bytes = response_.body().size(),
                          .duration_us = static_cast<std::uint64_t>(
                              std::chrono::duration_cast<std::chrono::microseconds>(took).count()),
                          .peer = error ? std::string() : authority_of(peer)});
}

// Parses the bytes in the buffer. None: the request is not complete yet.
std::optional<Connection::Next> Connection::parse(RequestParser& parser) {
  ErrorCondition error;
  while (buffer_.size() > 0 && !error && !parser.is_done()) {
    buffer_.consume(parser.put(buffer_.data(), error));
  }
  if (parser.is_header_done() && !std::exchange(head_checked_, true)) {
    if (!request_.has_host) {
      if (request_.version == 11) {
        return refuse(ErrorCode::kInvalidRequest, "an HTTP/1.1 request needs a Host header", 400);
      }
      ErrorCondition ignored;
      request_.host = authority_of(socket_.local_endpoint(ignored));
    }
    if (port_ == Port::kWebSockets) {
      if (const auto refusal = refuse_other_than_websocket(request_))
        return refuse(*refusal, status_of(refusal->code));
    }
    if (takes_memory(request_.method)) {
      if (unpaid_) return refuse(*std::exchange(unpaid_, std::nullopt), 503);
      if (is_memory_short()) return refuse(want_of_memory(), 503);
    }
    if (const auto refusal = service_.refuse_head(request_)) {
      return refuse(refusal->code, refusal->message, status_of(refusal->code));
    }
  }
  if (parser.is_body_too_large()) {
    return refuse(ErrorCode::kPayloadTooLarge,
                  fmt::format("the body is larger than {} bytes (BODY_LIMIT)", rules_.body_limit_bytes), 413);
  }
  if (!parser.repeated_header().empty()) {
    return refuse(ErrorCode::kInvalidRequest,
                  fmt::format("the header {} is there more than once", parser.repeated_header()), 400);
  }
  // Unparsed bytes belong to a head or to the head of a chunk. The parser limits the former, this check the latter.
  const bool too_large = error == beast_http::error::header_limit ||
                         (!parser.is_done() && buffer_.size() > rules_.header_limit_bytes);
  if (too_large || (error && error != beast_http::error::need_more)) {
    return refuse(ErrorCode::kInvalidRequest,
                  too_large ? fmt::format("the head is larger than {} bytes", rules_.header_limit_bytes)
                            : fmt::format("this is not an HTTP/1.1 request: {}", error.message()),
                  too_large ? 431 : 400);
  }
  return parser.is_done() ? std::optional(Next::kServe) : std::nullopt;
}

Connection::Next Connection::refuse(ErrorCode code, std::string message, unsigned status) {
  return refuse(Error{.code = code, .message = std::move(message)}, status);
}

Connection::Next Connection::refuse(Error error, unsigned status) {
  response_.refuse(service_.count_refusal(std::move(error)));
  response_.set_status(status);
  service_.add_headers(request_, response_);
  return Next::kRefused;
}

std::uint64_t Connection::bytes_held() const {
  const std::size_t buffers = buffer_.capacity() + request_.body.capacity() + response_.capacity();
  return buffers <= kReadBytes + kSmallBytes ? kConnectionBytes
                                             : kConnectionBytes - kReadBytes - kSmallBytes + buffers;
}

// Charges 3 times the size: `std::string` doubles when it grows, so for a moment old (n) and new buffer (2n) coexist.
std::optional<Connection::Next> Connection::pay_for_body() {
  if (request_.body.size() < kSmallBytes) return std::nullopt;
  const auto paid = held_.grow_to(kConnectionBytes + 3 * request_.body.size() + kBodyReadBytes);
  if (paid) return std::nullopt;
  request_.body = {};
  return refuse(paid.error(), 503);
}

// Only responses to reads may be replaced by an error: the effect of a write was already committed.
void Connection::pay_for_response() {
  if (const auto paid = held_.grow_to(bytes_held()); !paid) {
    if (is_read(request_.method) && response_.body().size() > kBodyReadBytes) {
      response_.refuse(service_.count_refusal(paid.error()));
    }
    held_.set_to(bytes_held());
  }
}

// Reads the rest of a request that arrived before the drain. Closing now would reset the connection, and the client
// would not know whether its request was served.
bool Connection::take_what_is_there() {
  ErrorCondition error;
  buffer_.commit(socket_.read_some(buffer_.prepare(kReadBytes), error));
  return !error;
}

// False at the end of the stream, or when sweep() or drain() cancelled the read.
Task<bool> Connection::fill_buffer() {
  const auto room = buffer_.prepare(head_checked_ ? kBodyReadBytes : kReadBytes);
  const auto [error, bytes] = co_await socket_.async_read_some(room, kAwaitTuple);
  buffer_.commit(bytes);
  co_return !error;
}

Task<bool> Connection::write(std::array<asio::const_buffer, 2> parts) {
  ErrorCondition error;
  const std::size_t total = parts[0].size() + parts[1].size();
  // Usually one call sends everything. For a single part it is a cheaper system call.
  std::size_t sent =
      parts[1].size() == 0 ? socket_.write_some(parts[0], error) : socket_.write_some(parts, error);
  if (error == asio::error::would_block) error.clear();
  if (error || sent == total) co_return !error;
  for (asio::const_buffer& part : parts) {
    const std::size_t done = std::min(sent, part.size());
    part += done;
    sent -= done;
  }
  const auto [late_error, ignored] = co_await asio::async_write(socket_, parts, kAwaitTuple);
  co_return !late_error;
}

// Closing while the client still sends would reset the connection, and the response could be lost. So this ends our
// side and reads until the client has closed too.
Task<void> Connection::linger() {
  enter(Phase::kLingering, rules_.linger_ms);
  head_checked_ = false;  // use small reads: there may be no memory for larger ones
  ErrorCondition ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
  do {
    buffer_.clear();
  } while (co_await fill_buffer());
}

void Connection::hand_over() {
  std::string rest(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  service_.take_over({std::move(socket_), std::move(request_), std::move(rest)});
}

void Connection::close() {
  ErrorCondition ignored;
  socket_.close(ignored);
}

}  // namespace nexus::http
