// What waits for the tools of a panel that have triggers.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "nexus/runtime/executions/execution.h"
#include "nexus/runtime/panels/event_pattern.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/runtime/panels/state_path.h"

namespace nexus::triggers {

// Something that starts tools: the arguments that all of them get. Immutable, and shared by queues of several loops.
struct TriggerPayload : executions::OwnArgs {
  std::string path;  // state_change: whose value it is; a later one takes its place
};
using TriggerPayloadPtr = std::shared_ptr<const TriggerPayload>;

// One tool with a trigger.
struct TriggerQueue {
  struct Job {
    TriggerPayloadPtr what;
    std::uint32_t depth = 1;  // see ToolCall
  };

  std::shared_ptr<panels::Panel> panel;
  std::shared_ptr<const panels::Definition> definition;
  const panels::Tool* tool = nullptr;            // of that definition
  std::optional<panels::EventPattern> events{};  // of the panel's own, or of the one that it follows
  std::int64_t due_ms = 0;                       // interval: by the monotonic clock; cron: Unix time
  std::deque<Job> waiting{};
  bool is_busy = false;  // somebody works on it
  bool is_over = false;  // the panel is gone, or the tool has another trigger

  TriggerType type() const { return panels::type_of(tool->trigger); }
  bool has_tick() const { return type() == TriggerType::kInterval || type() == TriggerType::kCron; }
  // The panel whose events it follows, when that is another than its own; else null.
  const std::string* followed() const {
    const auto* event = std::get_if<panels::EventTrigger>(&tool->trigger);
    return event != nullptr && !event->panel.empty() && event->panel != panel->id() ? &event->panel : nullptr;
  }
};
using TriggerQueuePtr = std::shared_ptr<TriggerQueue>;
using TriggerQueues = std::vector<TriggerQueuePtr>;

// Those of one panel.
struct PanelQueues {
  TriggerQueues all;
  TriggerQueues on_events;  // of the panel's own
  struct Watched {
    panels::StatePath path;
    TriggerQueues queues;
  };
  std::unordered_map<std::string, std::vector<Watched>> by_key;  // each path once, by the key of the state
};

}  // namespace nexus::triggers
