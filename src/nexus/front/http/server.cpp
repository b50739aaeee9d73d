#include "nexus/front/http/server.h"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>

#include "nexus/foundation/base/time_text.h"

namespace nexus::http {
namespace {

using asio::ip::tcp;

// The resolution of deadlines, and the longest sleep of an idle process.
constexpr std::chrono::milliseconds kTick{100};
// 256 KiB per 50 ms round trip are 5 MB/s. The kernel doubles the value for its own overhead.
constexpr int kSendBufferBytes = 256 << 10;
// For responses that are still being sent after the grace.
constexpr std::int64_t kCloseMs = 1000;

}  // namespace

Server::Server(Executor executor, const Clock& clock, budget::Ledger& ledger, Service& service,
               Backend& backend, Options options)
    : executor_(executor),
      clock_(clock),
      ledger_(ledger),
      service_(service),
      backend_(backend),
      options_(options),
      timer_(executor) {}

Server::~Server() = default;

void Server::start() {
  tick();
  asio::co_spawn(executor_, keep_time(), must_not_throw);
}

void Server::add(Socket socket, Port port) {
  ErrorCondition ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  // Limits the kernel's buffer for a client that does not read; its default grows to 4 MiB, which count against the
  // container.
  socket.set_option(boost::asio::socket_base::send_buffer_size(kSendBufferBytes), ignored);
  connections_.emplace_front(std::move(socket), port, service_, options_.rules, time_, ledger_);
  const auto connection = connections_.begin();
  if (drained_) connection->drain();
  asio::co_spawn(executor_, connection->run(), [this, connection](std::exception_ptr error) {
    must_not_throw(std::move(error));
    connections_.erase(connection);
    check_drained();
  });
}

Task<void> Server::keep_time() {
  while (!is_stopped_) {
    timer_.expires_after(kTick);
    co_await timer_.async_wait(kAwaitTuple);
    tick();
    check_drained();
  }
}

void Server::tick() {
  time_.now_ms = clock_.monotonic_ms();
  time_.date = as_http_date(clock_.unix_ms());
  for (Connection& connection : connections_)
    connection.sweep();
  backend_.tick(time_.now_ms);
}

void Server::drain(std::move_only_function<void()> drained) {
  drained_ = std::move(drained);
  drain_until_ms_ = time_.now_ms + static_cast<std::int64_t>(options_.grace_ms);
  close_until_ms_ = drain_until_ms_ + kCloseMs;
  backend_.drain([this] { check_drained(); });
  for (Connection& connection : connections_)
    connection.drain();
  check_drained();
}

void Server::check_drained() {
  if (!drained_ || is_stopped_) return;
  const bool is_over = time_.now_ms >= drain_until_ms_;
  if (is_over) backend_.abort();
  const bool is_idle = connections_.empty() && backend_.is_idle();
  if (!is_idle && time_.now_ms < close_until_ms_) return;
  if (!is_idle) spdlog::warn("{} connections were still open when SHUTDOWN_GRACE_MS was over", connections());
  is_stopped_ = true;
  timer_.cancel();
  drained_();
}

}  // namespace nexus::http
