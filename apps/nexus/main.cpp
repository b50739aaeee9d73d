#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <iostream>
#include <system_error>

#include "command_line.h"
#include "commands.h"
#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/sandbox/execution/runtime.h"
#include "version.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  nexus serve --demo                               a server with a panel to try, and how to call it
  nexus serve --http-port 8080 panels/             a server with the panels of a folder
  nexus config --config nexus.toml                 the settings in effect, and the origin of each
  nexus check --config nexus.toml                  whether the settings fit into this container
  nexus health                                     whether the server of this configuration is ready
  nexus top                                        the memory of a running server
  nexus panels put examples/counter.json           a panel for a running server
  nexus trigger counter add '{"by":2}'             a call of its tool
  nexus run examples/greet.js --args '{"name":"Ada"}' --repeat 1000
                                                   one handler, and the times of its calls
  nexus token --scope admin --ttl 10m              a token for top, if the server needs one
  nexus cache prune                                empties the folder of handler images
  echo 'return $args.a * 2' | nexus run - --args '{"a":21}'

Exit status: 0 done, 1 it failed (run: the handler ended in an error; check: it does not fit), 2 wrong arguments or settings.)";

std::string version_text() {
  return fmt::format("nexus {} ({}, {})", nexus::app::kVersion, nexus::sandbox::Runtime::engine_version(),
                     nexus::sandbox::Runtime::interpreter_version());
}

// A command whose output could not be written has failed, and its exit status must say so.
int status_once_written(int status) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  fmt::print(stderr, "nexus: the output could not be written\n");
  return nexus::app::kFailed;
}

int run(const nexus::app::Chosen& chosen) try { return chosen(); } catch (const std::system_error&) {
  if (std::ferror(stdout) == 0) throw;
  return nexus::app::kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is a write error instead
  nexus::end_on_bad_alloc();
  CLI::App app("Runs JavaScript handlers in WebAssembly, each call from a pristine memory.", "nexus");
  app.set_version_flag("--version", version_text());
  app.footer(kExamples);
  app.require_subcommand(1);
  nexus::app::Chosen chosen;
  for (const auto add :
       {nexus::app::add_serve, nexus::app::add_config, nexus::app::add_check, nexus::app::add_health,
        nexus::app::add_top, nexus::app::add_panels, nexus::app::add_trigger, nexus::app::add_cache,
        nexus::app::add_token, nexus::app::add_run, nexus::app::add_completion})
    add(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const auto unknown = app.remaining(true);
    if (error.get_name() == "RequiredError" && !unknown.empty() && !unknown.front().starts_with('-')) {
      fmt::print(stderr, "nexus: unknown command \"{}\"\nRun with --help for more information.\n",
                 unknown.front());
      return nexus::app::kAskedWrongly;
    }
    return app.exit(error) == 0 ? status_once_written(0) : nexus::app::kAskedWrongly;
  }
  return status_once_written(run(chosen));
}
