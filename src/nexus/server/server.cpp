#include "nexus/server/server.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/address.hpp>
#include <ctime>

namespace nexus::server {
namespace {

using asio::ip::tcp;

// How coarse deadlines are, and how long an idle process sleeps.
constexpr std::chrono::milliseconds kTick{100};
// Waits this long when the process has no file descriptor left for one more connection.
constexpr std::chrono::milliseconds kAcceptPause{100};
// For answers on their way, after the grace.
constexpr std::int64_t kCloseMs = 1000;

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::string http_date(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", parts);
}

// A coroutine of ours that throws is a bug, and nobody could go on with what it has left undone.
void must_not_throw(std::exception_ptr error) {
  if (error) std::rethrow_exception(error);
}

}  // namespace

Server::Server(Executor executor, const Clock& clock, Api& api, pool::InstancePool& pool,
               ServerOptions options)
    : executor_(executor),
      clock_(clock),
      api_(api),
      pool_(pool),
      options_(std::move(options)),
      acceptor_(executor),
      timer_(executor) {}

Server::~Server() = default;

Result<void> Server::listen() {
  ErrorCondition error;
  const auto address =
      asio::ip::make_address(options_.host == "localhost" ? "127.0.0.1" : options_.host, error);
  const tcp::endpoint endpoint(address, options_.port);
  if (!error) acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return fail(
        ErrorCode::kInvalidConfiguration,
        fmt::format("port {} is taken: set HTTP_PORT to another (0: any that is free)", options_.port));
  }
  if (error) {
    return fail(ErrorCode::kInvalidConfiguration, fmt::format("cannot listen on {}:{} (HOST, HTTP_PORT): {}",
                                                              options_.host, options_.port, error.message()));
  }
  tick();
  asio::co_spawn(executor_, accept(), must_not_throw);
  asio::co_spawn(executor_, keep_time(), must_not_throw);
  return {};
}

std::string Server::url() const { return "http://" + authority_of(acceptor_.local_endpoint()); }

Task<void> Server::accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(executor_, kAwaitTuple);
    if (!error) {
      add(std::move(socket));
      continue;
    }
    if (error == asio::error::operation_aborted) co_return;
    spdlog::warn("cannot accept a connection: {}", error.message());
    Timer pause(executor_, kAcceptPause);
    co_await pause.async_wait(kAwaitTuple);
  }
}

void Server::add(Socket socket) {
  ErrorCondition ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  connections_.emplace_front(std::move(socket), api_, options_.rules, time_);
  const auto connection = connections_.begin();
  if (drained_) connection->drain();
  asio::co_spawn(executor_, connection->run(), [this, connection](std::exception_ptr error) {
    must_not_throw(error);
    connections_.erase(connection);
    check_drained();
  });
}

Task<void> Server::keep_time() {
  while (!is_stopped_) {
    timer_.expires_after(kTick);
    co_await timer_.async_wait(kAwaitTuple);
    tick();
  }
}

void Server::tick() {
  time_.now_ms = static_cast<std::int64_t>(clock_.monotonic_us() / 1000);
  time_.date = http_date(clock_.unix_ms());
  for (Connection& connection : connections_)
    connection.sweep();
  pool_.tick();
  check_drained();
}

void Server::drain(std::move_only_function<void()> drained) {
  drained_ = std::move(drained);
  drain_until_ms_ = time_.now_ms + static_cast<std::int64_t>(options_.grace_ms);
  close_until_ms_ = drain_until_ms_ + kCloseMs;
  api_.set_stage(Stage::kDraining);
  ErrorCondition ignored;
  acceptor_.close(ignored);
  for (Connection& connection : connections_)
    connection.drain();
  pool_.shutdown([this] {
    is_pool_empty_ = true;
    asio::post(executor_, [this] { check_drained(); });
  });
  check_drained();
}

void Server::check_drained() {
  if (!drained_ || is_stopped_) return;
  const bool is_over = time_.now_ms >= drain_until_ms_;
  if (is_over) api_.abort();
  const bool is_idle = is_pool_empty_ && connections_.empty();
  if (!is_idle && time_.now_ms < close_until_ms_) return;
  if (!is_idle)
    spdlog::warn("{} connections were still open when SHUTDOWN_GRACE_MS was over", connections_.size());
  is_stopped_ = true;
  timer_.cancel();
  drained_();
}

}  // namespace nexus::server
