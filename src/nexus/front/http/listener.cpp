#include "nexus/front/http/listener.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>

#include "nexus/front/http/detached_socket.h"

namespace nexus::http {
namespace {

using asio::ip::tcp;

// The pause after the process has run out of file descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

}  // namespace

Listener::Listener(Executor executor, std::vector<Server*> servers, Options options)
    : executor_(executor), servers_(std::move(servers)), options_(std::move(options)), acceptor_(executor) {}

Result<void> Listener::listen() {
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
        fmt::format("port {} is taken: set {} to another (0: any that is free)", options_.port, setting()));
  }
  if (error) {
    return fail(ErrorCode::kInvalidConfiguration,
                fmt::format("cannot listen on {}:{} (HOST, {}): {}", options_.host, options_.port, setting(),
                            error.message()));
  }
  asio::co_spawn(executor_, accept(), must_not_throw);
  return {};
}

std::string Listener::url() const {
  return (options_.serves == Port::kAll ? "http://" : "ws://") + authority_of(acceptor_.local_endpoint());
}

// Clients in the kernel's queue may have sent requests already.
void Listener::close() {
  if (!acceptor_.is_open()) return;
  ErrorCondition error;
  acceptor_.non_blocking(true, error);
  while (!error) {
    Socket socket(executor_);
    acceptor_.accept(socket, error);
    if (!error) hand_over(std::move(socket));
  }
  acceptor_.close(error);
}

void Listener::hand_over(Socket socket) {
  Server& server = next();
  next_ = (next_ + 1) % servers_.size();
  if (server.executor() == executor_) return server.add(std::move(socket), options_.serves);
  asio::post(server.executor(),
             [&server, serves = options_.serves, detached = DetachedSocket(std::move(socket))]() mutable {
               if (auto attached = std::move(detached).attach(server.executor()))
                 server.add(*std::move(attached), serves);
             });
}

Task<void> Listener::accept() {
  while (acceptor_.is_open()) {
    auto [error, socket] = co_await acceptor_.async_accept(executor_, kAwaitTuple);
    if (!error) {
      hand_over(std::move(socket));
      continue;
    }
    if (error == asio::error::operation_aborted) co_return;
    spdlog::warn("cannot accept a connection: {}", error.message());
    Timer pause(executor_, kAcceptPause);
    co_await pause.async_wait(kAwaitTuple);
  }
}

}  // namespace nexus::http
