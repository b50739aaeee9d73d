// Sends requests to a running server.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/verb.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nexus::app {

struct ServerTarget {
  std::string host, port;
  std::string url() const;  // "http://127.0.0.1:3000"
};

// Parses "http://HOST[:PORT][/]"; an IPv6 address is in brackets. None: it is something else.
std::optional<ServerTarget> read_server_url(std::string_view url);

struct ServerRequest {
  std::string path;  // with its query
  std::string token{};
  boost::beast::http::verb method = boost::beast::http::verb::get;
  std::string body{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::chrono::seconds patience{10};
};

struct ServerResponse {
  unsigned status;
  std::string body;

  bool is_good() const { return status / 100 == 2; }
  std::string error_text() const;  // the `error` of an error body, or the start of another body
};

// The error says in one line why there is no response of a nexus server.
using ServerOutcome = std::expected<ServerResponse, std::string>;

boost::asio::awaitable<ServerOutcome> request_from(const ServerTarget& target, const ServerRequest& request);
// The same, blocking until the response is there.
ServerOutcome request_now(const ServerTarget& target, const ServerRequest& request);

}  // namespace nexus::app
