// The effective configuration, for people and for programs. Secrets are masked in both.
#pragma once

#include <string>
#include <vector>

#include "nexus/config/load.h"

namespace nexus::app {

// A line for each setting: its name, value, unit and origin.
std::string config_table(const config::Loaded& loaded);

// {"settings": [{name, key, flag, value, unit, source, origin}], "warnings": [text]}; null: there is no value.
std::string config_json(const config::Loaded& loaded);

// {"faults": [{field, value, bound, origin}]}
std::string faults_json(const std::vector<config::Fault>& faults);

}  // namespace nexus::app
