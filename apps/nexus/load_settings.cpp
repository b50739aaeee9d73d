#include "load_settings.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "log_format.h"
#include "nexus/foundation/model/capabilities.h"
#include "panel_files.h"
#include "stderr_sink.h"
#include "terminal.h"

namespace nexus::app {
namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> capabilities_bound(const config::Settings& settings) {
  const auto capabilities = Capabilities::parse(settings.runtime.capabilities);
  if (capabilities) return std::nullopt;
  return fmt::format("a list of capabilities: {}", capabilities.error().message);
}

}  // namespace

std::expected<config::Loaded, std::vector<config::ValidationError>> load_configuration(
    const ConfigArguments& arguments) {
  return config::load({.file = arguments.file,
                       .environment = variable,
                       .flags = arguments.flags,
                       .read_file = read_file,
                       .rules = {{"CAPABILITIES", capabilities_bound}}});
}

void print_errors(const std::vector<config::ValidationError>& errors) {
  for (const config::ValidationError& error : errors)
    fmt::print(stderr, "nexus: {}\n", config::describe(error));
}

std::optional<config::Settings> load_settings(const ConfigArguments& arguments) {
  // stdout is for the output of the command.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("nexus", make_stderr_sink()));
  auto loaded = load_configuration(arguments);
  if (!loaded) {
    print_errors(loaded.error());
    return std::nullopt;
  }
  spdlog::set_formatter(loaded->settings.logging.pretty ? text_log_format(wants_colours(STDERR_FILENO))
                                                        : json_log_format());
  spdlog::set_level(spdlog::level::from_str(loaded->settings.logging.level));
  for (const std::string& warning : loaded->warnings)
    spdlog::warn(warning);
  return std::move(loaded->settings);
}

void reload_log_level(const ConfigArguments& arguments) {
  const auto loaded = load_configuration(arguments);
  if (!loaded) {
    for (const config::ValidationError& error : loaded.error())
      spdlog::warn("LOG_LEVEL is unchanged: {}", config::describe(error));
    return;
  }
  const std::string& level = loaded->settings.logging.level;
  spdlog::set_level(spdlog::level::from_str(level));
  spdlog::info("LOG_LEVEL is {}", level);
}

}  // namespace nexus::app
