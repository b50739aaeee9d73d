// Asks a server for GET /runtime/memory.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace nexus::app {

struct TopTarget {
  std::string host, port;
  std::string url() const;  // "http://127.0.0.1:3000"
};

// Of "http://HOST[:PORT][/]"; an IPv6 address is in brackets. None: it is something else.
std::optional<TopTarget> read_top_url(std::string_view url);

// The body, or why there is none in one line. Takes ten seconds at most. `token` may be empty.
boost::asio::awaitable<std::expected<std::string, std::string>> ask_for_memory(const TopTarget& target,
                                                                               const std::string& sort,
                                                                               const std::string& token);

}  // namespace nexus::app
