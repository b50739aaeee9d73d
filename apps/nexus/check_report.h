// What `nexus check` found, for people and for programs.
#pragma once

#include <string>

#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::app {

// A line for each limit and each thing that has to fit, then one for each finding, which begins with what to change.
std::string check_table(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                        const diagnostics::Capacity& capacity);

// {"fits", "container", "machine", "budget", "instances", "cache", "process", "contradictions": [{setting, text}],
// "notes": [{setting, text}]}; null: without limit, or unknown.
std::string check_json(const diagnostics::Requirements& requirements, const diagnostics::Environment& there,
                       const diagnostics::Capacity& capacity);

}  // namespace nexus::app
