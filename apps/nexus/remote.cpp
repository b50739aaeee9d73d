#include "remote.h"

#include <fmt/format.h>

#include "pretty_json.h"
#include "terminal.h"

namespace nexus::app {

std::optional<ServerTarget> target_of(const RemoteServer& server) {
  auto target = read_server_url(server.url);
  if (!target) fmt::print(stderr, "nexus: --url must be http://HOST:PORT, and is {}\n", server.url);
  return target;
}

void print_json(const std::string& json) {
  fmt::print("{}\n", Terminal::is_there() && !json.empty() ? pretty_json(json) : json);
}

bool is_good(const ServerTarget& target, const ServerOutcome& reply) {
  if (!reply) {
    fmt::print(stderr, "nexus: {}\n", reply.error());
    return false;
  }
  if (!reply->is_good())
    fmt::print(stderr, "nexus: {} refuses: {} {}\n", target.url(), reply->status, reply->body);
  return reply->is_good();
}

}  // namespace nexus::app
