// The settings on the command line: --config FILE, and a flag for each setting.
#pragma once

#include <CLI/App.hpp>

#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/config/load.h"

namespace nexus::app {

struct ConfigArguments {
  std::optional<std::string> file;
  std::vector<config::Flag> flags;
};

// Adds the options to `command` if it is the command that was given: adding them to all commands would take a few ms at
// each start. `arguments` must live until parsing has ended. REQUIRES: take_unknown() is called afterwards.
void add_config_options(CLI::App& command, ConfigArguments& arguments);

// Appends the names that add_config_options() would add to `command`; none for a command without settings.
void add_names_of_config_options(const CLI::App& command, std::vector<std::string>& names);

// Stores the flags that the command does not know. They are reported as errors, each with the nearest name.
void take_unknown(const CLI::App& command, ConfigArguments& arguments);

}  // namespace nexus::app
