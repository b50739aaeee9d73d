// One tool with a trigger, and what waits for it.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "nexus/budget/ledger.h"
#include "nexus/panels/event_pattern.h"
#include "nexus/panels/panel.h"
#include "nexus/panels/state_path.h"

namespace nexus::server {

struct AutomationLine {
  struct Job {
    std::string args_json;
    std::string path;         // state_change: whose value it is; a later one takes its place
    std::uint32_t depth = 1;  // see ToolCall
    budget::Grant held{};     // kBuffers
  };

  std::shared_ptr<panels::Panel> panel;
  std::shared_ptr<const panels::Definition> definition;
  const panels::Tool* tool = nullptr;          // of that definition
  std::optional<panels::EventPattern> events;  // of the panel's own
  std::optional<panels::StatePath> path;
  std::int64_t due_ms = 0;  // interval: by the monotonic clock; cron: Unix time
  std::deque<Job> waiting{};
  bool is_busy = false;  // somebody works on it
  bool is_over = false;  // the panel is gone, or has another definition

  bool has_tick() const {
    const auto type = panels::type_of(tool->trigger);
    return type == panels::TriggerType::kInterval || type == panels::TriggerType::kCron;
  }
};
using AutomationLinePtr = std::shared_ptr<AutomationLine>;

}  // namespace nexus::server
