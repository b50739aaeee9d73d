// The types of triggers, with their names in definitions and metrics.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nexus {

enum class TriggerType : std::uint8_t { kManual, kInterval, kEvent, kCron, kStateChange };
inline constexpr auto kTriggerTypes =
    std::to_array<std::string_view>({"manual", "interval", "event", "cron", "state_change"});

inline std::string_view name(TriggerType type) { return kTriggerTypes[static_cast<std::size_t>(type)]; }

}  // namespace nexus
