// Asks a server that runs, by HTTP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace nexus::app {

struct ServerTarget {
  std::string host, port;
  std::string url() const;  // "http://127.0.0.1:3000"
};

// Of "http://HOST[:PORT][/]"; an IPv6 address is in brackets. None: it is something else.
std::optional<ServerTarget> read_server_url(std::string_view url);

struct ServerAnswer {
  unsigned status;
  std::string body;

  std::string error_text() const;  // the `error` of an error body, or the start of the body
};

// GET `path`, or why no nexus answers in one line. Takes ten seconds at most. `token` may be empty.
boost::asio::awaitable<std::expected<ServerAnswer, std::string>> ask_server(const ServerTarget& target,
                                                                            const std::string& path,
                                                                            const std::string& token);

}  // namespace nexus::app
