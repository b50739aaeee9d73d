// The command line: each command with its options, examples, and what it starts.
#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <string>

namespace nexus::app {

// What was asked for; gives the exit status.
using Chosen = std::function<int()>;

// Commands of this machine.
void add_serve(CLI::App& app, Chosen& chosen);
void add_config(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_cache(CLI::App& app, Chosen& chosen);
void add_token(CLI::App& app, Chosen& chosen);
void add_run(CLI::App& app, Chosen& chosen);
// Commands that ask a server that runs.
void add_health(CLI::App& app, Chosen& chosen);
void add_top(CLI::App& app, Chosen& chosen);
void add_panels(CLI::App& app, Chosen& chosen);
void add_trigger(CLI::App& app, Chosen& chosen);
// To be added last: it completes all others.
void add_completion(CLI::App& app, Chosen& chosen);

// For `eval "$(nexus completion bash)"`.
std::string bash_completion(const CLI::App& app);

}  // namespace nexus::app
