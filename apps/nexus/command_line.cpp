// Commands that need no running server.
#include <CLI/CLI.hpp>

#include <map>
#include <memory>

#include "choose.h"
#include "command_line.h"
#include "commands.h"

namespace nexus::app {
namespace {

constexpr char kServeExamples[] =
    R"(Each setting may also come from the environment (HTTP_PORT, or NEXUS_HTTP_PORT, which wins) or the file;
a flag wins over both.

Example: nexus serve --config nexus.toml --http-port 8080 examples/counter.json)";

constexpr char kConfigExamples[] = R"(Example: HTTP_PORT=8080 nexus config --config nexus.toml --json)";

constexpr char kCheckExamples[] =
    R"(Exit status: 0 all fits, 1 something contradicts, 2 the configuration is wrong.

Example: MEMORY_LIMIT_MB=64 nexus check --config nexus.toml)";

constexpr char kPruneExamples[] = R"(A server that uses the folder goes on, and fills it again.

Example: nexus cache prune --cache-dir /var/cache/nexus)";

constexpr char kTokenExamples[] =
    R"(Signed with JWT_SECRET or JWT_SECRET_FILE, so only who may read that can make one. It cannot be taken back before it
expires: give it little time.

Example: AUTH_ENABLED=true JWT_SECRET_FILE=/etc/nexus/key nexus token --scope read trigger --panels 'shop-*' --ttl 1h)";

constexpr char kRunExamples[] = R"(Example: nexus run examples/greet.js --args '{"name":"Ada"}')";

}  // namespace

void add_serve(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<ServeCommand>();
  CLI::App* serve = app.add_subcommand("serve", "Serves panels over HTTP");
  serve->add_option("panels", command->panels, "Panels to create at start: files, or folders of *.json");
  serve->add_flag("--demo", command->demo, "Creates a panel to try, and prints how to call it");
  serve->footer(kServeExamples);
  add_config_options(*serve, command->config);
  choose(chosen, serve, command, [serve](ServeCommand& its) {
    take_unknown(*serve, its.config);
    return nexus::app::serve(its);
  });
}

void add_config(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<ConfigCommand>();
  CLI::App* config = app.add_subcommand("config", "Prints the settings in effect, and the origin of each");
  config->add_flag("--json", command->json, "Prints JSON");
  config->footer(kConfigExamples);
  add_config_options(*config, command->config);
  choose(chosen, config, command, [config](ConfigCommand& its) {
    take_unknown(*config, its.config);
    return nexus::app::config(its);
  });
}

void add_check(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<CheckCommand>();
  CLI::App* check =
      app.add_subcommand("check", "Checks whether the settings fit into the container and the machine");
  check->add_flag("--json", command->json, "Prints JSON");
  check->footer(kCheckExamples);
  add_config_options(*check, command->config);
  choose(chosen, check, command, [check](CheckCommand& its) {
    take_unknown(*check, its.config);
    return nexus::app::check(its);
  });
}

void add_cache(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<CachePruneCommand>();
  CLI::App* cache = app.add_subcommand("cache", "Manages the handler images in CACHE_DIR");
  cache->require_subcommand(1);
  CLI::App* prune = cache->add_subcommand("prune", "Removes all images, and prints their number and bytes");
  prune->footer(kPruneExamples);
  add_config_options(*prune, command->config);
  choose(chosen, prune, command, [prune](CachePruneCommand& its) {
    take_unknown(*prune, its.config);
    return nexus::app::prune_cache(its);
  });
}

void add_token(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<TokenCommand>();
  CLI::App* token =
      app.add_subcommand("token", "Makes a token that a server with this configuration accepts");
  token->add_option("--scope", command->scopes, "Scopes of the token; without it, all scopes")
      ->check(CLI::IsMember({"read", "write", "trigger", "resume", "admin"}));
  token->add_option("--panels", command->panels,
                    "Globs of the panels that the token covers; without it, all panels");
  token->add_option("--ttl", command->ttl_seconds, "Time until the token expires: seconds, or 10m, 2h, 30d")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, std::uint64_t>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{366} * 86400))
      ->capture_default_str();
  token->footer(kTokenExamples);
  add_config_options(*token, command->config);
  choose(chosen, token, command, [token](TokenCommand& its) {
    take_unknown(*token, its.config);
    return nexus::app::token(its);
  });
}

void add_run(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<RunCommand>();
  CLI::App* run = app.add_subcommand("run", "Runs one handler in the sandbox and prints its RESULT");
  run->add_option("file", command->file, "The handler's source; - for standard input")->required();
  run->add_option("--args", command->args, "$args, a JSON object");
  run->add_option("--state", command->state, "$state before the call, a JSON object");
  run->add_option("--scope", command->scope, "$scope, a JSON object");
  run->add_option("--limits", command->limits, "Limits, such as timeoutMs=200 maxHostCalls=10");
  run->add_flag("--logs", command->logs, "Prints the handler's log lines with the RESULT");
  run->add_option("--repeat", command->repeat,
                  "Runs the handler N times, each from the same state, and prints the times on stderr")
      ->check(CLI::Range(1u, 10'000'000u));
  run->add_flag("--watch", command->watch, "Runs the handler again whenever the file changes");
  run->footer(kRunExamples);
  choose(chosen, run, command, [](RunCommand& its) { return nexus::app::run(its); });
}

}  // namespace nexus::app
