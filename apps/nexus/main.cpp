#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>

#include "commands.h"
#include "nexus/sandbox/runtime.h"
#include "version.h"

namespace {

constexpr char kExamples[] = R"(Examples:
  nexus serve --demo                               a server with a panel to try, and how to call it
  nexus serve --http-port 8080 panels/             a server with the panels of a folder
  nexus config --config nexus.toml                 what is in effect, and where each value comes from
  nexus check --config nexus.toml                  what fits into this container, and what contradicts
  nexus health                                     whether the server of this configuration takes calls
  nexus top                                        where the memory of a running server is
  nexus run examples/greet.js --args '{"name":"Ada"}' --repeat 1000
                                                   one handler, and how quick it is
  nexus cache prune                                empties the folder of handler images
  echo 'return $args.a * 2' | nexus run - --args '{"a":21}'

Exit status: 0 done, 1 it failed (run: the handler ended in an error; check: it does not fit), 2 it was asked for wrongly.)";

constexpr char kServeExamples[] =
    R"(Each setting may also come from the environment (HTTP_PORT, or NEXUS_HTTP_PORT, which wins) or the file;
a flag wins over both.

Example: nexus serve --config nexus.toml --http-port 8080 examples/counter.json)";

constexpr char kConfigExamples[] = R"(Example: HTTP_PORT=8080 nexus config --config nexus.toml --json)";

constexpr char kCheckExamples[] =
    R"(Exit status: 0 all fits, 1 something contradicts, 2 the configuration is wrong.

Example: MEMORY_LIMIT_MB=64 nexus check --config nexus.toml)";

constexpr char kHealthExamples[] =
    R"(Without --url it asks where the configuration says that the server is.

Exit status: 0 it takes calls, 1 it does not or nobody answers, 2 wrong usage or configuration.

Example: HTTP_PORT=8080 nexus health)";

constexpr char kTopExamples[] =
    R"(Exit status: 0 done, 1 the server cannot be asked, 2 wrong usage.

Example: nexus top --url http://127.0.0.1:3000 --sort time)";

constexpr char kPruneExamples[] = R"(A server that uses the folder goes on, and fills it again.

Example: nexus cache prune --cache-dir /var/cache/nexus)";

constexpr char kRunExamples[] = R"(Example: nexus run examples/greet.js --args '{"name":"Ada"}')";

std::string version_text() {
  return fmt::format("nexus {} ({}, {})", nexus::app::kVersion, nexus::sandbox::Runtime::engine_version(),
                     nexus::sandbox::Runtime::interpreter_version());
}

void add_serve(CLI::App& app, nexus::app::ServeCommand& command) {
  CLI::App* serve = app.add_subcommand("serve", "Serves panels over HTTP");
  serve->add_option("panels", command.panels, "Panels to create at start: files, or folders of *.json");
  serve->add_flag("--demo", command.demo, "Creates a panel to try, and prints how to call it");
  serve->footer(kServeExamples);
  add_config_options(*serve, command.config);
}

void add_config(CLI::App& app, nexus::app::ConfigCommand& command) {
  CLI::App* config = app.add_subcommand("config", "Prints the settings in effect, and where each comes from");
  config->add_flag("--json", command.json, "Prints them for programs");
  config->footer(kConfigExamples);
  add_config_options(*config, command.config);
}

void add_check(CLI::App& app, nexus::app::CheckCommand& command) {
  CLI::App* check =
      app.add_subcommand("check", "Says what fits into the container and the machine, and what contradicts");
  check->add_flag("--json", command.json, "Prints it for programs");
  check->footer(kCheckExamples);
  add_config_options(*check, command.config);
}

void add_health(CLI::App& app, nexus::app::HealthCommand& command) {
  CLI::App* health = app.add_subcommand("health", "Asks a running server whether it takes calls");
  health->add_option("--url", command.url, "The server: http://HOST:PORT")->envname("NEXUS_URL");
  health->add_flag("--live", command.live, "Asks whether it runs, though it may be starting or ending");
  health->footer(kHealthExamples);
  add_config_options(*health, command.config);
}

void add_top(CLI::App& app, nexus::app::TopCommand& command) {
  CLI::App* top = app.add_subcommand("top", "Shows where a running server's memory is, and who has it");
  top->add_option("--url", command.url, "The server")->capture_default_str()->envname("NEXUS_URL");
  top->add_option("--token", command.token, "A token of scope admin, where the server wants one")
      ->envname("NEXUS_TOKEN");
  top->add_flag("--once", command.once, "Prints it once, as it does when stdout is no terminal");
  top->add_flag("--json", command.json, "Prints once what the server says, for programs");
  top->add_option("--sort", command.sort, "Which handlers come first")
      ->check(CLI::IsMember({"bytes", "time", "calls", "host-calls", "suspensions", "refusals"}))
      ->capture_default_str();
  top->add_option("--interval", command.interval_seconds, "Seconds between two looks")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  top->footer(kTopExamples);
}

void add_cache(CLI::App& app, nexus::app::CachePruneCommand& command) {
  CLI::App* cache = app.add_subcommand("cache", "What is kept on disk: images of handlers in CACHE_DIR");
  cache->require_subcommand(1);
  CLI::App* prune = cache->add_subcommand("prune", "Removes all of it, and says how much that was");
  prune->footer(kPruneExamples);
  add_config_options(*prune, command.config);
}

void add_run(CLI::App& app, nexus::app::RunCommand& command) {
  CLI::App* run = app.add_subcommand("run", "Runs one handler in the sandbox and prints its RESULT");
  run->add_option("file", command.file, "The handler's source; - for standard input")->required();
  run->add_option("--args", command.args, "$args, a JSON object");
  run->add_option("--state", command.state, "$state before the call, a JSON object");
  run->add_option("--scope", command.scope, "$scope, a JSON object");
  run->add_option("--limits", command.limits, "Limits, such as timeoutMs=200 maxHostCalls=10");
  run->add_flag("--logs", command.logs, "Prints the handler's log lines with the RESULT");
  run->add_option("--repeat", command.repeat,
                  "Runs it so often, each time from the same state, and says on stderr how long it took")
      ->check(CLI::Range(1u, 10'000'000u));
  run->add_flag("--watch", command.watch, "Runs it again whenever the file changes");
  run->footer(kRunExamples);
}

int start(const CLI::App& app, nexus::app::ServeCommand& serve, nexus::app::ConfigCommand& config,
          nexus::app::CheckCommand& check, nexus::app::HealthCommand& health,
          const nexus::app::TopCommand& top, nexus::app::CachePruneCommand& prune,
          const nexus::app::RunCommand& run) {
  if (const auto* command = app.get_subcommand("serve"); command->parsed()) {
    take_unknown(*command, serve.config);
    return nexus::app::serve(serve);
  }
  if (const auto* command = app.get_subcommand("config"); command->parsed()) {
    take_unknown(*command, config.config);
    return nexus::app::config(config);
  }
  if (const auto* command = app.get_subcommand("check"); command->parsed()) {
    take_unknown(*command, check.config);
    return nexus::app::check(check);
  }
  if (const auto* command = app.get_subcommand("health"); command->parsed()) {
    take_unknown(*command, health.config);
    return nexus::app::health(health);
  }
  if (app.get_subcommand("top")->parsed()) return nexus::app::top(top);
  if (app.get_subcommand("cache")->parsed()) {
    take_unknown(*app.get_subcommand("cache")->get_subcommand("prune"), prune.config);
    return nexus::app::prune_cache(prune);
  }
  return nexus::app::run(run);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a reader that is gone is an error of the write, not our end
  CLI::App app("Runs JavaScript handlers in WebAssembly, each call from a pristine memory.", "nexus");
  app.set_version_flag("--version", version_text());
  app.footer(kExamples);
  app.require_subcommand(1);
  nexus::app::ServeCommand serve;
  nexus::app::ConfigCommand config;
  nexus::app::CheckCommand check;
  nexus::app::HealthCommand health;
  nexus::app::TopCommand top;
  nexus::app::CachePruneCommand prune;
  nexus::app::RunCommand run;
  add_serve(app, serve);
  add_config(app, config);
  add_check(app, check);
  add_health(app, health);
  add_top(app, top);
  add_cache(app, prune);
  add_run(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const int status = start(app, serve, config, check, health, top, prune, run);
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return status;
  fmt::print(stderr, "nexus: the output could not be written\n");
  return 1;
}
