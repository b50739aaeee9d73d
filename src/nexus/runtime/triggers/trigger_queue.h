// The queues of the tools that have a trigger.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "nexus/runtime/executions/execution.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/runtime/panels/state_path.h"

namespace nexus::triggers {

// The arguments with which a trigger starts tools. Immutable, and shared by the queues of several loops.
struct TriggerPayload : executions::OwnArgs {
  std::string path;  // state_change: path of the value; a later change of it replaces a queued one
};
using TriggerPayloadPtr = std::shared_ptr<const TriggerPayload>;

// The queue of one tool.
struct TriggerQueue {
  struct Job {
    TriggerPayloadPtr what;
    std::uint32_t depth = 1;  // of a chain, see ToolCall
  };

  std::shared_ptr<panels::Panel> panel;
  std::shared_ptr<const panels::Definition> definition;
  const panels::Tool* tool = nullptr;  // in `definition`
  std::int64_t due_ms = 0;             // interval: by the monotonic clock; cron: Unix time
  std::deque<Job> waiting{};
  bool is_busy = false;  // a coroutine runs its jobs
  bool is_over = false;  // the panel was removed, or the tool has another trigger now

  TriggerType type() const { return panels::type_of(tool->trigger); }
  bool has_tick() const { return type() == TriggerType::kInterval || type() == TriggerType::kCron; }
  // The pattern of the events that start the tool, of its own panel or of the panel that it follows; null: it has no event
  // trigger.
  const std::string* events() const {
    const auto* event = std::get_if<panels::EventTrigger>(&tool->trigger);
    return event != nullptr ? &event->pattern : nullptr;
  }
  // The other panel whose events start the tool; null when the events are the panel's own, or the trigger is no event.
  const std::string* followed() const {
    const auto* event = std::get_if<panels::EventTrigger>(&tool->trigger);
    return event != nullptr && !event->panel.empty() && event->panel != panel->id() ? &event->panel : nullptr;
  }
};
using TriggerQueuePtr = std::shared_ptr<TriggerQueue>;
using TriggerQueues = std::vector<TriggerQueuePtr>;

// The queues of one panel.
struct PanelQueues {
  TriggerQueues all;
  TriggerQueues on_events;  // of the panel's own events
  struct Watched {
    panels::StatePath path;
    TriggerQueues queues;
  };
  std::unordered_map<std::string, std::vector<Watched>> by_key;  // each path once, by its key of the state
};

}  // namespace nexus::triggers
