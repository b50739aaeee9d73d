#include "load_settings.h"

#include <fmt/format.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <cstdlib>

#include "nexus/sandbox/capabilities.h"
#include "panel_files.h"
#include "stderr_sink.h"

namespace nexus::app {
namespace {

std::optional<std::string> variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> capabilities_bound(const config::Settings& settings) {
  const auto capabilities = sandbox::Capabilities::parse(settings.runtime.capabilities);
  if (capabilities) return std::nullopt;
  return fmt::format("a list of capabilities: {}", capabilities.error().message);
}

// A level as LOG_LEVEL names it, which spdlog's own %l does not.
class LevelName final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view name = message.level == spdlog::level::warn
                                      ? "warn"
                                      : std::string_view(spdlog::level::to_string_view(message.level));
    out.append(name.data(), name.data() + name.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<LevelName>(); }
};

}  // namespace

std::expected<config::Loaded, std::vector<config::Fault>> load_configuration(
    const ConfigArguments& arguments) {
  return config::load({.file = arguments.file,
                       .environment = variable,
                       .flags = arguments.flags,
                       .read_file = read_file,
                       .rules = {{"CAPABILITIES", capabilities_bound}}});
}

void print_faults(const std::vector<config::Fault>& faults) {
  for (const config::Fault& fault : faults)
    fmt::print(stderr, "nexus: {}\n", config::describe(fault));
}

std::optional<config::Settings> load_settings(const ConfigArguments& arguments) {
  // stdout is for what the program was asked to print.
  spdlog::set_default_logger(std::make_shared<spdlog::logger>("nexus", make_stderr_sink()));
  auto formatter = std::make_unique<spdlog::pattern_formatter>(spdlog::pattern_time_type::utc);
  formatter->add_flag<LevelName>('*').set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %* %v");
  spdlog::set_formatter(std::move(formatter));
  auto loaded = load_configuration(arguments);
  if (!loaded) {
    print_faults(loaded.error());
    return std::nullopt;
  }
  spdlog::set_level(spdlog::level::from_str(loaded->settings.logging.level));
  for (const std::string& warning : loaded->warnings)
    spdlog::warn(warning);
  return std::move(loaded->settings);
}

}  // namespace nexus::app
