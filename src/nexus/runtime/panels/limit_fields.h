// The limits of an execution: the name in a definition, the operator's setting, and the lowest value that is allowed.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "nexus/foundation/model/limits.h"

namespace nexus::panels {

struct LimitField {
  std::string_view name;     // of the member in a definition: "timeoutMs"
  std::string_view setting;  // its value is the most that a definition may ask for
  std::uint64_t Limits::* value;
  std::uint64_t least;
};

std::span<const LimitField> limit_fields();
const LimitField* find_limit_field(std::string_view name);  // null: no such limit

}  // namespace nexus::panels
