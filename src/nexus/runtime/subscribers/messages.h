// The messages to subscribers of a panel, as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/model/result.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/runtime/subscribers/topics.h"

namespace nexus::subscribers {

// One step of a suspended execution.
struct Progress {
  std::string_view execution_id, suspension_id, status;
  std::string_view data_json{};  // empty: none
};

std::string connected_message(const panels::Panel& panel);
// A PATCH with the changes that `topics` select; empty when they select none.
std::string patch_message(const std::vector<StateMutation>& mutations, std::uint64_t version,
                          const Topics& topics);
std::string event_message(const Event& event);
// `request_id_json`: the request id of the client that started the execution, a JSON string or number; empty: none.
std::string progress_message(const Progress& progress, std::string_view request_id_json);

// ---- pieces of messages ----
// `,"requestId":JSON`, or nothing.
void append_request_id(std::string& out, std::string_view request_id_json);
// `,"name":"text"`
void append_text_member(std::string& out, std::string_view name, std::string_view text);

}  // namespace nexus::subscribers
