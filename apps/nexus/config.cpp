// `nexus config`: what would be in effect, and where each value comes from.
#include <fmt/format.h>

#include <cstdio>

#include "commands.h"
#include "config_report.h"
#include "load_settings.h"

namespace nexus::app {

int config(const ConfigCommand& command) {
  const auto loaded = load_configuration(command.config);
  if (!loaded) {
    if (command.json) {
      fmt::print("{}\n", faults_json(loaded.error()));
    } else {
      print_faults(loaded.error());
    }
    return kAskedWrongly;
  }
  if (command.json) {
    fmt::print("{}\n", config_json(*loaded));
    return kDone;
  }
  fmt::print("{}", config_table(*loaded));
  for (const std::string& warning : loaded->warnings)
    fmt::print(stderr, "nexus: {}\n", warning);
  return kDone;
}

}  // namespace nexus::app
