// What commands that speak to a server have in common.
#pragma once

#include <optional>
#include <string>

#include "commands.h"
#include "server_client.h"

namespace nexus::app {

// None: why has been said.
std::optional<ServerTarget> target_of(const RemoteServer& server);
// Prints JSON: for people on a terminal, else as it came.
void print_json(const std::string& json);
// Says on stderr why there is no good response; gives whether there is one.
bool is_good(const ServerTarget& target, const ServerReply& reply);

}  // namespace nexus::app
