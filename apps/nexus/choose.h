// How a command of the command line becomes what is done.
#pragma once

#include <memory>
#include <utility>

#include "command_line.h"

namespace nexus::app {

// What `command` says is done when `subcommand` was given.
template <class Command, class Act>
void choose(Chosen& chosen, CLI::App* subcommand, std::shared_ptr<Command> command, Act act) {
  subcommand->final_callback(
      [&chosen, command = std::move(command), act] { chosen = [command, act] { return act(*command); }; });
}

}  // namespace nexus::app
