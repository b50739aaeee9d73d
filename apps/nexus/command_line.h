// The command line: each command with its options and examples, and the function that it calls.
#pragma once

#include <CLI/App.hpp>

#include <functional>
#include <string>

namespace nexus::app {

// The function of the given command; returns the exit status.
using Chosen = std::function<int()>;

// Commands that need no running server.
void add_serve(CLI::App& app, Chosen& chosen);
void add_config(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_cache(CLI::App& app, Chosen& chosen);
void add_token(CLI::App& app, Chosen& chosen);
void add_run(CLI::App& app, Chosen& chosen);
// Commands that send requests to a running server.
void add_health(CLI::App& app, Chosen& chosen);
void add_top(CLI::App& app, Chosen& chosen);
void add_panels(CLI::App& app, Chosen& chosen);
void add_trigger(CLI::App& app, Chosen& chosen);
// REQUIRES: called after all others, which it completes.
void add_completion(CLI::App& app, Chosen& chosen);

// The script for `eval "$(nexus completion bash)"`.
std::string bash_completion(const CLI::App& app);

}  // namespace nexus::app
