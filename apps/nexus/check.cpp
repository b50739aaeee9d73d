// `nexus check`: whether the settings fit into the container and the machine.
#include <fmt/format.h>

#include "check_report.h"
#include "commands.h"
#include "config_report.h"
#include "environment.h"

namespace nexus::app {

int check(const CheckCommand& command) {
  const auto loaded = load_and_report(command.config, command.json);
  if (!loaded) return kAskedWrongly;
  const diagnostics::Requirements requirements = requirements_of(loaded->settings);
  const diagnostics::Environment there = look_around(loaded->settings);
  const diagnostics::Capacity capacity = diagnostics::check_capacity(requirements, there);
  fmt::print("{}", command.json ? check_json(requirements, there, capacity) + '\n'
                                : check_table(requirements, there, capacity));
  print_warnings(*loaded);
  return capacity.contradictions.empty() ? kDone : kFailed;
}

}  // namespace nexus::app
