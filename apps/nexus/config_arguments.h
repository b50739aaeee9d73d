// The settings that a command line gives: --config FILE, and a flag for each row of the table.
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

// Adds the options to a command when it is the one that was given: those of all commands would take some ms of each start.
// `arguments` must live until it has been parsed; then take_unknown() has to be called.
void add_config_options(CLI::App& command, ConfigArguments& arguments);

// What it would add, for one that was not given; nothing for a command without them.
void add_names_of_config_options(const CLI::App& command, std::vector<std::string>& names);

// Keeps the flags that the command did not know: they are errors beside the others, each with the nearest name.
void take_unknown(const CLI::App& command, ConfigArguments& arguments);

}  // namespace nexus::app
