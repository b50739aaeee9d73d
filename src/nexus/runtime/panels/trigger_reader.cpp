#include "nexus/runtime/panels/trigger_reader.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>

#include "nexus/foundation/base/ids.h"

namespace nexus::panels {
namespace {

constexpr std::uint64_t kLeastIntervalMs = 10;  // a shorter interval would keep the loop busy with starts
constexpr std::uint64_t kMostIntervalMs = 366ull * 86'400'000;
constexpr std::size_t kMostPatternBytes = 256;

// The members that a trigger of one type has; in the order of TriggerType.
struct Kind {
  std::string_view required, optional;
};
constexpr auto kKinds =
    std::to_array<Kind>({{"", ""}, {"ms", ""}, {"pattern", "panel"}, {"expression", ""}, {"path", ""}});
static_assert(kKinds.size() == kTriggerTypes.size());

// All members of all types: "type" need not come first.
struct Members {
  std::optional<std::string> type, pattern, panel, expression, path;
  std::optional<std::uint64_t> ms;
  std::vector<std::string> present;
  bool has_type = false;
};

void read_text(std::optional<std::string>& member, json::value value, const std::string& path,
               Validator& validator) {
  member = validator.text_of(value, path, 1, kMostPatternBytes);
}

Members read_members(json::value value, const std::string& path, Validator& validator) {
  Members members;
  validator.object(value, path, [&](std::string_view key, json::value inner) {
    const std::string where = fmt::format("{}.{}", path, key);
    if (key == "type") {
      members.has_type = true;
      members.type = validator.text(inner, where);
      return;
    }
    members.present.emplace_back(key);
    if (key == "ms") {
      members.ms = validator.whole_number(inner, where);
      if (members.ms && (*members.ms < kLeastIntervalMs || *members.ms > kMostIntervalMs)) {
        validator.add(where, fmt::format("must be {} to {}, and is {}", kLeastIntervalMs, kMostIntervalMs,
                                         *members.ms));
      }
    } else if (key == "pattern") {
      read_text(members.pattern, inner, where, validator);
    } else if (key == "expression") {
      read_text(members.expression, inner, where, validator);
    } else if (key == "path") {
      read_text(members.path, inner, where, validator);
    } else if (key == "panel") {
      members.panel = validator.text(inner, where);
      if (members.panel && !is_panel_id(*members.panel)) {
        validator.add(where, "must be the id of a panel");
        members.panel.reset();
      }
    }
  });
  return members;
}

void check_members(const Members& members, TriggerType type, const std::string& path, Validator& validator) {
  const Kind& kind = kKinds[static_cast<std::size_t>(type)];
  for (const std::string& member : members.present) {
    if (member != kind.required && member != kind.optional) {
      validator.add(fmt::format("{}.{}", path, member),
                    fmt::format("is not a field of a trigger of type {}", name(type)));
    }
  }
  if (!kind.required.empty() && std::ranges::find(members.present, kind.required) == members.present.end()) {
    validator.add(fmt::format("{}.{}", path, kind.required), "is missing");
  }
}

// Finding out that an expression never comes due takes 13 ms: try only one in a definition.
CronTrigger read_cron(const Members& members, const std::string& path, Validator& validator) {
  if (!members.expression || !validator.empty()) return {};
  auto schedule = CronSchedule::parse(*members.expression);
  if (!schedule) {
    validator.add(path + ".expression", std::move(schedule.error()));
    return {};
  }
  return {*members.expression, *std::move(schedule)};
}

StateChangeTrigger read_state_change(const Members& members, const std::string& path, Validator& validator) {
  if (!members.path) return {};
  auto parsed = StatePath::parse(*members.path);
  if (!parsed) {
    validator.add(path + ".path", std::move(parsed.error()));
    return {};
  }
  return {*members.path, *std::move(parsed)};
}

}  // namespace

std::optional<Trigger> read_trigger(json::value value, const std::string& path, Validator& validator) {
  json::json_type json_type{};
  if (value.type().get(json_type) != simdjson::SUCCESS || json_type != json::json_type::object) {
    validator.add(path, "must be an object");
    return std::nullopt;
  }
  const Members members = read_members(value, path, validator);
  if (!members.has_type) validator.add(path + ".type", "is missing");
  if (!members.type) return std::nullopt;
  const auto found = std::ranges::find(kTriggerTypes, *members.type);
  if (found == kTriggerTypes.end()) {
    validator.add(path + ".type", fmt::format("must be one of {}", fmt::join(kTriggerTypes, ", ")));
    return std::nullopt;
  }
  const auto type = static_cast<TriggerType>(found - kTriggerTypes.begin());
  check_members(members, type, path, validator);
  switch (type) {
    case TriggerType::kManual:
      break;
    case TriggerType::kInterval:
      return IntervalTrigger{members.ms.value_or(kLeastIntervalMs)};
    case TriggerType::kEvent:
      return EventTrigger{members.pattern.value_or(""), members.panel.value_or("")};
    case TriggerType::kCron:
      return read_cron(members, path, validator);
    case TriggerType::kStateChange:
      return read_state_change(members, path, validator);
  }
  return ManualTrigger{};
}

}  // namespace nexus::panels
