// Parses the messages of WebSocket clients.
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
  std::string request_id_json{};  // when the message has a readable one
};

// kInvalidRequest: the message is no JSON object, or has an unknown type, an unknown field, or a field of a wrong type.
std::expected<Command, RefusedCommand> read_command(std::string_view text);

// kInvalidRequest for one part of a message. `path` empty: for the whole message.
ErrorResponse refuse_message_part(std::string_view path, std::string_view message);

}  // namespace nexus::websocket
