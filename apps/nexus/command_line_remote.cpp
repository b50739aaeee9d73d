// Commands that send requests to a running server.
#include <CLI/CLI.hpp>

#include <memory>

#include "choose.h"
#include "command_line.h"
#include "commands.h"

namespace nexus::app {
namespace {

constexpr char kHealthExamples[] =
    R"(Without --url it asks where the configuration says that the server is.

Exit status: 0 it takes calls, 1 it does not or nobody answers, 2 wrong usage or configuration.

Example: HTTP_PORT=8080 nexus health)";

constexpr char kTopExamples[] =
    R"(Exit status: 0 done, 1 the server cannot be asked, 2 wrong usage.

Example: nexus top --url http://127.0.0.1:3000 --sort time)";

constexpr char kPanelsExamples[] =
    R"(Example: NEXUS_URL=http://127.0.0.1:3000 nexus panels put examples/counter.json)";

constexpr char kTriggerExamples[] =
    R"(Exit status: 0 success, 1 the handler failed, waits still, or was not started, 2 wrong usage.

Example: nexus trigger counter add '{"by":2}')";

void add_server_options(CLI::App& command, RemoteServer& server, const char* token) {
  command.add_option("--url", server.url, "The server")->capture_default_str()->envname("NEXUS_URL");
  command.add_option("--token", server.token, token)->envname("NEXUS_TOKEN");
}

}  // namespace

void add_health(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<HealthCommand>();
  CLI::App* health = app.add_subcommand("health", "Asks a running server whether it is ready");
  health->add_option("--url", command->url, "The server: http://HOST:PORT")->envname("NEXUS_URL");
  health->add_flag("--live", command->live,
                   "Asks whether it is live: it may still be starting or shutting down");
  health->footer(kHealthExamples);
  add_config_options(*health, command->config);
  choose(chosen, health, command, [health](HealthCommand& its) {
    take_unknown(*health, its.config);
    return nexus::app::health(its);
  });
}

void add_top(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<TopCommand>();
  CLI::App* top =
      app.add_subcommand("top", "Shows the memory of a running server, by kind of use and by handler");
  add_server_options(*top, command->server, "A token with scope admin, if the server needs one");
  top->add_flag("--once", command->once, "Prints once and ends, as it does when stdout is no terminal");
  top->add_flag("--json", command->json, "Prints the server's JSON once");
  top->add_option("--sort", command->sort, "The order of the handlers")
      ->check(CLI::IsMember({"bytes", "time", "calls", "host-calls", "suspensions", "refusals"}))
      ->capture_default_str();
  top->add_option("--interval", command->interval_seconds, "Seconds between two updates")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  top->footer(kTopExamples);
  choose(chosen, top, command, [](TopCommand& its) { return nexus::app::top(its); });
}

void add_panels(CLI::App& app, Chosen& chosen) {
  using Action = PanelsCommand::Action;
  CLI::App* panels = app.add_subcommand("panels", "Shows and changes the panels of a running server");
  panels->require_subcommand(1);
  panels->footer(kPanelsExamples);
  const auto add = [&](const char* name, const char* meaning, Action action, const char* names) {
    auto command = std::make_shared<PanelsCommand>();
    command->action = action;
    CLI::App* one = panels->add_subcommand(name, meaning);
    if (names != nullptr) one->add_option(names, command->names)->required();
    if (action == Action::kList)
      one->add_flag("--json", command->json, "Prints a line of JSON for each panel");
    add_server_options(*one, command->server, "A token, if the server needs one");
    one->footer(kPanelsExamples);
    choose(chosen, one, command, [](PanelsCommand& its) { return nexus::app::panels(its); });
  };
  add("list", "Lists the panels: id, kind, version, clients, title", Action::kList, nullptr);
  add("get", "Prints a panel", Action::kGet, "id");
  add("state", "Prints the state of a panel", Action::kState, "id");
  add("put", "Creates or replaces panels from files, or folders of *.json; handlers may be {\"file\"}",
      Action::kPut, "file");
  add("delete", "Deletes panels, and ends their executions", Action::kDelete, "id");
}

void add_trigger(CLI::App& app, Chosen& chosen) {
  auto command = std::make_shared<TriggerCommand>();
  CLI::App* trigger = app.add_subcommand("trigger", "Calls a tool of a running server and prints its RESULT");
  trigger->add_option("panel", command->panel, "The id of the panel")->required();
  trigger->add_option("tool", command->tool, "The name of the tool")->required();
  trigger->add_option("args", command->args, "$args, a JSON object; - for standard input")
      ->capture_default_str();
  trigger->add_flag("--logs", command->logs, "Prints the handler's log lines with the RESULT");
  trigger->add_flag("--async", command->async, "Does not wait for the end of a suspended execution");
  add_server_options(*trigger, command->server, "A token, if the server needs one");
  trigger->footer(kTriggerExamples);
  choose(chosen, trigger, command, [](TriggerCommand& its) { return nexus::app::trigger(its); });
}

}  // namespace nexus::app
