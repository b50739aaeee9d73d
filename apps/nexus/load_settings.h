// The settings of this process: its command line, environment and files.
#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "config_arguments.h"
#include "nexus/foundation/config/load.h"

namespace nexus::app {

std::expected<config::Loaded, std::vector<config::ValidationError>> load_configuration(
    const ConfigArguments& arguments);

// Each on its line of stderr.
void print_errors(const std::vector<config::ValidationError>& errors);

// As above, with logging set up by them. None when there are errors: they have been printed, and the exit status is 2.
std::optional<config::Settings> load_settings(const ConfigArguments& arguments);

// Reads them again for LOG_LEVEL alone, which is then in effect. What is wrong is logged, and nothing changes.
void reload_log_level(const ConfigArguments& arguments);

}  // namespace nexus::app
