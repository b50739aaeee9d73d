#include "config_arguments.h"

#include <fmt/format.h>

#include "nexus/foundation/config/reading.h"
#include "nexus/foundation/config/table.h"

namespace nexus::app {
namespace {

std::string help_of(const config::Row& row) {
  const config::Shown standard = config::show(row, config::Settings{});
  const std::string_view value = standard.value.empty() ? row.unset : standard.value;
  if (value.empty()) return std::string(row.meaning);
  return fmt::format("{} ({}{}{})", row.meaning, value, standard.unit.empty() ? "" : " ", standard.unit);
}

void add_all(CLI::App& command, ConfigArguments& arguments) {
  command.add_option("--config", arguments.file, "TOML file of settings")->type_name("FILE");
  for (const config::Row& row : config::rows()) {
    const std::string flag = config::flag(row);
    command
        .add_option_function<std::string>(
            flag, [&arguments, flag](const std::string& value) { arguments.flags.push_back({flag, value}); },
            help_of(row))
        ->type_name(std::string(row.name))
        ->group(fmt::format("Settings [{}]", row.group));
  }
}

}  // namespace

void add_config_options(CLI::App& command, ConfigArguments& arguments) {
  command.allow_extras();
  command.preparse_callback([&command, &arguments](std::size_t) { add_all(command, arguments); });
}

// Only commands with settings allow unknown flags: take_unknown() reports them.
void add_names_of_config_options(const CLI::App& command, std::vector<std::string>& names) {
  if (!command.get_allow_extras()) return;
  names.emplace_back("--config");
  for (const config::Row& row : config::rows())
    names.push_back(config::flag(row));
}

void take_unknown(const CLI::App& command, ConfigArguments& arguments) {
  std::vector<config::Flag> unknown;
  for (const std::string& argument : command.remaining()) {
    const bool is_flag = argument.starts_with('-');
    if (!is_flag && !unknown.empty() && unknown.back().value.empty()) {
      unknown.back().value = argument;
      continue;
    }
    const auto equals = is_flag ? argument.find('=') : std::string::npos;
    const std::string value = equals == std::string::npos ? "" : argument.substr(equals + 1);
    unknown.push_back({argument.substr(0, equals), value});
  }
  arguments.flags.insert(arguments.flags.end(), unknown.begin(), unknown.end());
}

}  // namespace nexus::app
