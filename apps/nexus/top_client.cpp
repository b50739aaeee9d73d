#include "top_client.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>

#include "nexus/sandbox/json.h"

// GCC 12 takes the pair of operators that Asio gives its coroutine frames for a mismatch when it inlines one of the two.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace nexus::app {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

using Answer = http::response<http::string_body>;
using Text = std::expected<std::string, std::string>;

constexpr auto kNoThrow = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::seconds kPatience{10};
constexpr std::uint64_t kMostBodyBytes = 16 << 20;

http::request<http::empty_body> request_of(const TopTarget& target, const std::string& sort,
                                           const std::string& token) {
  http::request<http::empty_body> request(http::verb::get, "/runtime/memory?sort=" + sort, 11);
  request.set(http::field::host, target.url().substr(std::string_view("http://").size()));
  request.set(http::field::connection, "close");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  return request;
}

// The `error` of an error body, or the whole body.
std::string error_text(const std::string& body) {
  std::string text;
  const bool is_object = sandbox::for_each_member(body, [&](std::string_view key, std::string_view value) {
    if (key == "error") text = value;
  });
  return is_object ? text : body.substr(0, 200);
}

Text read_answer(const TopTarget& target, Answer&& answer) {
  if (!answer.count("Nexus-Api-Version")) {
    return std::unexpected(fmt::format("what answers at {} is not a nexus", target.url()));
  }
  switch (answer.result()) {
    case http::status::ok:
      return std::move(answer).body();
    case http::status::unauthorized:
      return std::unexpected(fmt::format("{} wants a token of scope admin, in --token or NEXUS_TOKEN: 401 {}",
                                         target.url(), error_text(answer.body())));
    case http::status::not_found:
      return std::unexpected(
          fmt::format("the nexus at {} has no /runtime/memory: it is an older one", target.url()));
    default:
      return std::unexpected(
          fmt::format("{} refuses: {} {}", target.url(), answer.result_int(), error_text(answer.body())));
  }
}

}  // namespace

std::string TopTarget::url() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("http://[{}]:{}", host, port) : fmt::format("http://{}:{}", host, port);
}

std::optional<TopTarget> read_top_url(std::string_view url) {
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
  return TopTarget{std::string(host), std::string(port)};
}

asio::awaitable<Text> ask_for_memory(const TopTarget& target, const std::string& sort,
                                     const std::string& token) {
  const auto cannot = [&target](std::string_view what, const boost::system::error_code& error) -> Text {
    return std::unexpected(fmt::format("cannot {} {}: {}", what, target.url(), error.message()));
  };
  const auto executor = co_await asio::this_coro::executor;
  asio::ip::tcp::resolver resolver(executor);
  const auto [unknown, addresses] = co_await resolver.async_resolve(target.host, target.port, kNoThrow);
  if (unknown) co_return cannot("reach", unknown);

  boost::beast::tcp_stream stream(executor);
  stream.expires_after(kPatience);
  const auto [unreachable, endpoint] = co_await stream.async_connect(addresses, kNoThrow);
  if (unreachable) co_return cannot("reach", unreachable);
  const auto request = request_of(target, sort, token);
  const auto [unsent, sent] = co_await http::async_write(stream, request, kNoThrow);
  if (unsent) co_return cannot("ask", unsent);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMostBodyBytes);
  const auto [unread, read] = co_await http::async_read(stream, buffer, parser, kNoThrow);
  if (unread) co_return cannot("understand the answer of", unread);
  co_return read_answer(target, parser.release());
}

}  // namespace nexus::app
