// Loads the settings of this process from its command line, environment and files.
#pragma once

#include <expected>
#include <optional>
#include <vector>

#include "config_arguments.h"
#include "nexus/foundation/config/load.h"

namespace nexus::app {

std::expected<config::Loaded, std::vector<config::ValidationError>> load_configuration(
    const ConfigArguments& arguments);

// Prints each error on a line of stderr.
void print_errors(const std::vector<config::ValidationError>& errors);

// Loads the settings and sets up logging. None when there are errors, which were printed; the exit status is then 2.
std::optional<config::Settings> load_settings(const ConfigArguments& arguments);

// Loads the settings again and applies LOG_LEVEL only. An error is logged and changes nothing.
void reload_log_level(const ConfigArguments& arguments);

}  // namespace nexus::app
