// The trigger of a tool, as its definition describes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>

#include "nexus/foundation/model/trigger_type.h"
#include "nexus/runtime/panels/cron_schedule.h"
#include "nexus/runtime/panels/state_path.h"

namespace nexus::panels {

// Triggers compare equal when their texts are equal.
struct ManualTrigger {
  bool operator==(const ManualTrigger&) const = default;
};
struct IntervalTrigger {
  std::uint64_t ms;
  bool operator==(const IntervalTrigger&) const = default;
};
struct EventTrigger {
  std::string pattern;  // `*` stands for any run of characters (see matches_glob)
  std::string panel;    // empty: the tool's own panel
  bool operator==(const EventTrigger&) const = default;
};
struct CronTrigger {
  std::string expression;
  std::shared_ptr<const CronSchedule> schedule;
  bool operator==(const CronTrigger& other) const { return expression == other.expression; }
};
struct StateChangeTrigger {
  std::string path;
  StatePath parsed;
  bool operator==(const StateChangeTrigger& other) const { return path == other.path; }
};
using Trigger = std::variant<ManualTrigger, IntervalTrigger, EventTrigger, CronTrigger, StateChangeTrigger>;

static_assert(kTriggerTypes.size() == std::variant_size_v<Trigger>);

inline TriggerType type_of(const Trigger& trigger) { return static_cast<TriggerType>(trigger.index()); }

}  // namespace nexus::panels
