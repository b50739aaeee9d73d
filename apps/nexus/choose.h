// Connects a subcommand of the command line to its function.
#pragma once

#include <memory>
#include <utility>

#include "command_line.h"

namespace nexus::app {

// When `subcommand` was given, `chosen` will call `act` with `command`.
template <class Command, class Act>
void choose(Chosen& chosen, CLI::App* subcommand, std::shared_ptr<Command> command, Act act) {
  subcommand->final_callback(
      [&chosen, command = std::move(command), act] { chosen = [command, act] { return act(*command); }; });
}

}  // namespace nexus::app
