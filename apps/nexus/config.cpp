// `nexus config`: the settings that a server would have, and the origin of each.
#include <fmt/format.h>

#include "commands.h"
#include "config_report.h"

namespace nexus::app {

int config(const ConfigCommand& command) {
  const auto loaded = load_and_report(command.config, command.json);
  if (!loaded) return kAskedWrongly;
  if (command.json) {
    fmt::print("{}\n", config_json(*loaded));
    return kDone;
  }
  fmt::print("{}", config_table(*loaded));
  print_warnings(*loaded);
  return kDone;
}

}  // namespace nexus::app
