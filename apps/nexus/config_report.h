// The effective configuration, for people and for programs. Secrets are masked in both.
#pragma once

#include <optional>
#include <string>

#include "config_arguments.h"
#include "nexus/foundation/config/load.h"

namespace nexus::app {

// A line for each setting: its name, value, unit and origin.
std::string config_table(const config::Loaded& loaded);

// {"settings": [{name, key, flag, value, unit, source, origin}], "warnings": [text]}; null: there is no value.
std::string config_json(const config::Loaded& loaded);

// None when there are errors: they have been printed, to stdout as {"faults": [{field, value, bound, origin}]} when the
// command prints JSON, otherwise to stderr.
std::optional<config::Loaded> load_and_report(const ConfigArguments& arguments, bool prints_json);

// Each on its line of stderr.
void print_warnings(const config::Loaded& loaded);

}  // namespace nexus::app
