// What all commands to a running server share.
#pragma once

#include <optional>
#include <string>

#include "commands.h"
#include "server_client.h"

namespace nexus::app {

// None: the reason was printed.
std::optional<ServerTarget> target_of(const RemoteServer& server);
// Prints JSON, formatted when stdout is a terminal.
void print_json(const std::string& json);
// True for a successful response. Otherwise prints the reason on stderr.
bool is_good(const ServerTarget& target, const ServerOutcome& reply);

}  // namespace nexus::app
