// The messages that reply to a WebSocket client's commands, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "nexus/foundation/model/error_response.h"
#include "nexus/foundation/model/result.h"

namespace nexus::websocket {

// `request_id_json`: the client's own JSON, a string or a number; empty: none.
std::string result_message(const ExecutionResult& result, std::string_view request_id_json);
std::string error_message(const ErrorResponse& refusal, std::string_view request_id_json);
inline constexpr std::string_view kPong = R"({"type":"PONG"})";

}  // namespace nexus::websocket
