// The messages of WebSocket clients.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "nexus/foundation/model/error_response.h"

namespace nexus::websocket {

struct TriggerCommand {
  std::string tool;
  std::string args_json = "{}";  // an object
};
struct SubscribeCommand {
  std::vector<std::string> topics;
};
struct UnsubscribeCommand {
  std::vector<std::string> topics;
};
struct PingCommand {};

struct Command {
  std::variant<TriggerCommand, SubscribeCommand, UnsubscribeCommand, PingCommand> what;
  std::string request_id_json{};  // a string or a number; empty: none
};

struct RefusedCommand {
  ErrorResponse refusal;
  std::string request_id_json{};  // when there is one that can be read
};

// kInvalidRequest: it is no JSON object, or has a type or a field that is not known, or not what it should be.
std::expected<Command, RefusedCommand> read_command(std::string_view text);

// kInvalidRequest for one part of a message; an empty path: the message itself.
ErrorResponse refuse_message_part(std::string_view path, std::string_view message);

}  // namespace nexus::websocket
