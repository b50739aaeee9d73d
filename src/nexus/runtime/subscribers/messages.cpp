#include "nexus/runtime/subscribers/messages.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "nexus/foundation/json/json.h"

namespace nexus::subscribers {

void append_request_id(std::string& out, std::string_view request_id_json) {
  if (request_id_json.empty()) return;
  out += R"(,"requestId":)";
  out += request_id_json;
}

void append_text_member(std::string& out, std::string_view name, std::string_view text) {
  fmt::format_to(std::back_inserter(out), R"(,"{}":)", name);
  append_json_string(out, text);
}

std::string connected_message(const panels::Panel& panel) {
  std::string out = R"({"type":"CONNECTED")";
  append_text_member(out, "panelId", panel.id());
  out += R"(,"state":)";
  out += panel.state().to_json();
  fmt::format_to(std::back_inserter(out), R"(,"version":{}}})", panel.version());
  return out;
}

std::string patch_message(const std::vector<StateMutation>& mutations, std::uint64_t version,
                          const Topics& topics) {
  std::string out = R"({"type":"PATCH","mutations":[)";
  bool is_first = true;
  for (const StateMutation& mutation : mutations) {
    if (!topics.wants_key(mutation.key)) continue;
    if (!std::exchange(is_first, false)) out += ',';
    append_mutation_json(out, mutation);
  }
  if (is_first && !topics.are_all()) return {};
  fmt::format_to(std::back_inserter(out), R"(],"version":{}}})", version);
  return out;
}

std::string event_message(const Event& event) {
  std::string out = R"({"type":"EVENT","event":)";
  append_event_json(out, event);
  out += '}';
  return out;
}

std::string progress_message(const Progress& progress, std::string_view request_id_json) {
  std::string out = R"({"type":"PROGRESS")";
  append_request_id(out, request_id_json);
  append_text_member(out, "executionId", progress.execution_id);
  append_text_member(out, "suspensionId", progress.suspension_id);
  append_text_member(out, "status", progress.status);
  if (!progress.data_json.empty()) out += fmt::format(R"(,"data":{})", progress.data_json);
  out += '}';
  return out;
}

}  // namespace nexus::subscribers
