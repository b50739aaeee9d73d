#include "server_client.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "nexus/foundation/json/json.h"

// GCC 12 reports a mismatch of new and delete when it inlines only one of the two operators of Asio's coroutine frames.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace nexus::app {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr std::uint64_t kMostBodyBytes = 16 << 20;

beast_http::request<beast_http::string_body> request_of(const ServerTarget& target,
                                                        const ServerRequest& wanted) {
  beast_http::request<beast_http::string_body> request(wanted.method, wanted.path, 11);
  request.set(beast_http::field::host, target.url().substr(std::string_view("http://").size()));
  request.set(beast_http::field::connection, "close");
  if (!wanted.token.empty()) request.set(beast_http::field::authorization, "Bearer " + wanted.token);
  for (const auto& [name, value] : wanted.headers)
    request.set(name, value);
  request.body() = wanted.body;
  request.prepare_payload();
  return request;
}

}  // namespace

std::string ServerResponse::error_text() const {
  std::string text;
  const bool is_object = for_each_member(body, [&](std::string_view key, std::string_view value) {
    // Keeps the escapes: the decoded characters could control a terminal.
    if (key == "error" && value.starts_with('"')) text = value.substr(1, value.size() - 2);
  });
  return is_object ? text : body.substr(0, 200);
}

std::string ServerTarget::url() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("http://[{}]:{}", host, port) : fmt::format("http://{}:{}", host, port);
}

std::optional<ServerTarget> read_server_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  if (url.ends_with('/')) url.remove_suffix(1);
  std::string_view host = url, port = "80";
  const auto colon = url.rfind(':');
  if (colon != std::string_view::npos && !url.ends_with(']')) {
    host = url.substr(0, colon);
    port = url.substr(colon + 1);
  }
  const bool is_ipv6 = host.starts_with('[') && host.ends_with(']');
  if (is_ipv6) host = host.substr(1, host.size() - 2);
  const auto kLetters =
      std::string_view(is_ipv6 ? "0123456789abcdefABCDEF:."
                               : "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_");
  if (host.empty() || host.find_first_not_of(kLetters) != std::string_view::npos) return std::nullopt;
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos)
    return std::nullopt;
  return ServerTarget{std::string(host), std::string(port)};
}

asio::awaitable<ServerOutcome> request_from(const ServerTarget& target, const ServerRequest& wanted) {
  const auto cannot = [&target](std::string_view what,
                                const boost::system::error_code& error) -> ServerOutcome {
    return std::unexpected(fmt::format("cannot {} {}: {}", what, target.url(), error.message()));
  };
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  const auto [unknown, addresses] = co_await resolver.async_resolve(target.host, target.port, kNoThrow);
  if (unknown) co_return cannot("reach", unknown);

  boost::beast::tcp_stream stream(executor);
  stream.expires_after(wanted.patience);
  const auto [unreachable, endpoint] = co_await stream.async_connect(addresses, kNoThrow);
  if (unreachable) co_return cannot("reach", unreachable);
  const auto request = request_of(target, wanted);
  const auto [unsent, sent] = co_await beast_http::async_write(stream, request, kNoThrow);
  if (unsent) co_return cannot("ask", unsent);
  boost::beast::flat_buffer buffer;
  beast_http::response_parser<beast_http::string_body> parser;
  parser.body_limit(kMostBodyBytes);
  const auto [unread, read] = co_await beast_http::async_read(stream, buffer, parser, kNoThrow);
  if (unread) co_return cannot("read the response of", unread);
  auto response = parser.release();
  if (!response.count("Nexus-Api-Version"))
    co_return std::unexpected(fmt::format("the server at {} is not nexus", target.url()));
  co_return ServerResponse{response.result_int(), std::move(response.body())};
}

ServerOutcome request_now(const ServerTarget& target, const ServerRequest& wanted) {
  ServerOutcome reply = std::unexpected(std::string());
  asio::io_context loop;
  asio::co_spawn(loop, request_from(target, wanted),
                 [&reply](const std::exception_ptr& error, ServerOutcome given) {
                   if (error) std::rethrow_exception(error);
                   reply = std::move(given);
                 });
  loop.run();
  return reply;
}

}  // namespace nexus::app
