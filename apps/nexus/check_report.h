// The report of `nexus check`, as text and as JSON.
#pragma once

#include <string>

#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::app {

// One line for each limit and each requirement, then one line for each finding, which begins with the setting to
// change.
std::string check_table(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                        const diagnostics::Capacity& capacity);

// {"fits", "container", "machine", "budget", "instances", "cache", "process", "contradictions": [{setting, text}],
// "notes": [{setting, text}]}. null stands for no limit, or for an unknown value.
std::string check_json(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                       const diagnostics::Capacity& capacity);

}  // namespace nexus::app
