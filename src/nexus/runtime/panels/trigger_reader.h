// Reads a trigger such as {"type":"interval","ms":1000}.
#pragma once

#include <optional>
#include <string>

#include "nexus/runtime/panels/trigger.h"
#include "nexus/runtime/panels/validator.h"

namespace nexus::panels {

// None, with the reasons in `validator`, when `value` is no valid trigger.
std::optional<Trigger> read_trigger(json::value value, const std::string& path, Validator& validator);

}  // namespace nexus::panels
