// One row a setting: what it means, its unit, its default and its bounds. What the program reads, what it reports as a
// fault and what its documentation says all come from these rows.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "nexus/base/units.h"
#include "nexus/config/settings.h"

namespace nexus::config {

enum class Unit : std::uint8_t {
  kNumber,
  kMilliseconds,
  kBytes,  // plain digits
  kMiB,    // plain digits
  kSize,   // digits and b, kb, mb or gb: "1mb"; stored in bytes
};

struct NumberSetting {
  std::string_view name;
  std::uint64_t Settings::* value;
  Unit unit;
  std::uint64_t standard, least, most;  // the default and its bounds, both inclusive
  std::string_view meaning;
};

struct ChoiceSetting {
  std::string_view name;
  std::string Settings::* value;
  std::string_view standard;
  std::string_view choices;  // separated by blanks; empty: any text
  std::string_view meaning;
};

std::span<const NumberSetting> number_settings();
std::span<const ChoiceSetting> choice_settings();

}  // namespace nexus::config
