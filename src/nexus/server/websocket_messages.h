// The messages to WebSocket clients, as JSON.
#pragma once

#include <string>
#include <string_view>

#include "nexus/panels/panel.h"
#include "nexus/sandbox/result.h"
#include "nexus/server/refusal.h"
#include "nexus/server/topics.h"

namespace nexus::server {

// One step of an execution that waits.
struct Progress {
  std::string_view execution_id, suspension_id, status;
  std::string_view data_json{};  // empty: none
};

// A request id is the client's own JSON, a string or a number; empty: it gave none.
std::string connected_message(const panels::Panel& panel);
// PATCH with those changes that the topics want; empty: none.
std::string patch_message(const std::vector<sandbox::StateMutation>& mutations, std::uint64_t version,
                          const Topics& topics);
std::string event_message(const sandbox::Event& event);
std::string result_message(const sandbox::ExecutionResult& result, std::string_view request_id_json);
std::string progress_message(const Progress& progress, std::string_view request_id_json);
std::string error_message(const Refusal& refusal, std::string_view request_id_json);
inline constexpr std::string_view kPong = R"({"type":"PONG"})";

}  // namespace nexus::server
