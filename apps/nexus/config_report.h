// The effective settings as text and as JSON. Both mask secrets.
#pragma once

#include <optional>
#include <string>

#include "config_arguments.h"
#include "nexus/foundation/config/load.h"

namespace nexus::app {

// One line for each setting: name, value, unit and origin.
std::string config_table(const config::Loaded& loaded);

// {"settings": [{name, key, flag, value, unit, source, origin}], "warnings": [text]}. null stands for no value.
std::string config_json(const config::Loaded& loaded);

// None when there are errors, which were printed then: to stdout as {"faults": [{field, value, bound, origin}]} if
// `prints_json`, otherwise to stderr.
std::optional<config::Loaded> load_and_report(const ConfigArguments& arguments, bool prints_json);

// Prints each warning on a line of stderr.
void print_warnings(const config::Loaded& loaded);

}  // namespace nexus::app
