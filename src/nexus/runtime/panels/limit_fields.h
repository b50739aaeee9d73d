// The limits of an execution by the names that authors and operators know them by, and how low each may go.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "nexus/foundation/model/limits.h"

namespace nexus::panels {

struct LimitField {
  std::string_view name;     // in a definition: "timeoutMs"
  std::string_view setting;  // the operator's variable, which is the most that a definition may ask for
  std::uint64_t Limits::* value;
  std::uint64_t least;
};

std::span<const LimitField> limit_fields();
const LimitField* find_limit_field(std::string_view name);  // null: no such limit

}  // namespace nexus::panels
