#include "nexus/panels/trigger_reader.h"

#include <algorithm>
#include <array>

#include "nexus/base/ids.h"

namespace nexus::panels {
namespace {

constexpr std::uint64_t kLeastIntervalMs = 10;  // shorter ones would keep a loop busy with starting them
constexpr std::uint64_t kMostIntervalMs = 366ull * 86'400'000;
constexpr std::size_t kMostPatternBytes = 256;

struct Kind {
  std::string_view type;
  std::string_view required, optional;  // the members that belong to it
};
constexpr auto kKinds = std::to_array<Kind>({{"manual", "", ""},
                                             {"interval", "ms", ""},
                                             {"event", "pattern", "panel"},
                                             {"cron", "expression", ""},
                                             {"state_change", "path", ""}});

// All members by name, whatever the type turns out to be: "type" need not come first.
struct Members {
  std::optional<std::string> type, pattern, panel, expression, path;
  std::optional<std::uint64_t> ms;
  std::vector<std::string> present;
  bool has_type = false;
};

void read_text(std::optional<std::string>& member, json::value value, const std::string& path,
               Faults& faults) {
  member = faults.text_of(value, path, 1, kMostPatternBytes);
}

Members read_members(json::value value, const std::string& path, Faults& faults) {
  Members members;
  faults.object(value, path, [&](std::string_view key, json::value inner) {
    const std::string where = fmt::format("{}.{}", path, key);
    if (key == "type") {
      members.has_type = true;
      members.type = faults.text(inner, where);
      return;
    }
    members.present.emplace_back(key);
    if (key == "ms") {
      members.ms = faults.whole_number(inner, where);
      if (members.ms && (*members.ms < kLeastIntervalMs || *members.ms > kMostIntervalMs)) {
        faults.add(where, fmt::format("must be {} to {}, and is {}", kLeastIntervalMs, kMostIntervalMs,
                                      *members.ms));
      }
    } else if (key == "pattern") {
      read_text(members.pattern, inner, where, faults);
    } else if (key == "expression") {
      read_text(members.expression, inner, where, faults);
    } else if (key == "path") {
      read_text(members.path, inner, where, faults);
    } else if (key == "panel") {
      members.panel = faults.text(inner, where);
      if (members.panel && !is_panel_id(*members.panel)) faults.add(where, "must be the id of a panel");
    }
  });
  return members;
}

void check_members(const Members& members, const Kind& kind, const std::string& path, Faults& faults) {
  for (const std::string& name : members.present) {
    if (name != kind.required && name != kind.optional) {
      faults.add(fmt::format("{}.{}", path, name),
                 fmt::format("is not a field of a trigger of type {}", kind.type));
    }
  }
  if (!kind.required.empty() && std::ranges::find(members.present, kind.required) == members.present.end()) {
    faults.add(fmt::format("{}.{}", path, kind.required), "is missing");
  }
}

}  // namespace

std::optional<Trigger> read_trigger(json::value value, const std::string& path, Faults& faults) {
  json::json_type json_type{};
  if (value.type().get(json_type) != simdjson::SUCCESS || json_type != json::json_type::object) {
    faults.add(path, "must be an object");
    return std::nullopt;
  }
  const Members members = read_members(value, path, faults);
  if (!members.has_type) faults.add(path + ".type", "is missing");
  if (!members.type) return std::nullopt;
  const auto kind = std::ranges::find(kKinds, *members.type, &Kind::type);
  if (kind == kKinds.end()) {
    faults.add(path + ".type", "must be one of manual, interval, event, cron, state_change");
    return std::nullopt;
  }
  check_members(members, *kind, path, faults);
  if (kind->type == "interval") return IntervalTrigger{members.ms.value_or(kLeastIntervalMs)};
  if (kind->type == "event") return EventTrigger{members.pattern.value_or(""), members.panel.value_or("")};
  if (kind->type == "cron") return CronTrigger{members.expression.value_or("")};
  if (kind->type == "state_change") return StateChangeTrigger{members.path.value_or("")};
  return ManualTrigger{};
}

}  // namespace nexus::panels
