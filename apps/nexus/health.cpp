// `nexus health`: whether a running server is ready, for supervisors that start a program to check.
#include <fmt/format.h>

#include <cstdio>
#include <optional>

#include "commands.h"
#include "load_settings.h"
#include "server_client.h"

namespace nexus::app {
namespace {

std::optional<ServerTarget> target_of_url(const std::string& url) {
  auto target = read_server_url(url);
  if (!target) fmt::print(stderr, "nexus: --url must be http://HOST:PORT, and is {}\n", url);
  return target;
}

std::optional<ServerTarget> target_of_configuration(const ConfigArguments& arguments) {
  const auto loaded = load_configuration(arguments);
  if (!loaded) {
    print_errors(loaded.error());
    return std::nullopt;
  }
  const config::ServerConfig& server = loaded->settings.server;
  if (server.http_port == 0) {
    fmt::print(stderr, "nexus: HTTP_PORT is 0: --url or NEXUS_URL must name the server\n");
    return std::nullopt;
  }
  // A server that listens on all addresses is asked at the loopback address.
  const std::string host = server.host == "0.0.0.0" ? "127.0.0.1" : server.host == "::" ? "::1" : server.host;
  return ServerTarget{host, std::to_string(server.http_port)};
}

}  // namespace

int health(const HealthCommand& command) {
  const auto target =
      command.url.empty() ? target_of_configuration(command.config) : target_of_url(command.url);
  if (!target) return kAskedWrongly;
  const std::string state = command.live ? "live" : "ready";
  const auto response = request_now(*target, {.path = "/health/" + state});
  if (!response) {
    fmt::print(stderr, "nexus: {}\n", response.error());
    return kFailed;
  }
  if (response->status != 200) {
    fmt::print(stderr, "nexus: {} is not {}: {} {}\n", target->url(), state, response->status,
               response->error_text());
    return kFailed;
  }
  fmt::print("{} is {}\n", target->url(), state);
  return kDone;
}

}  // namespace nexus::app
