// The composition root: builds all parts in order, and ends them in the reverse.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "commands.h"
#include "demo_panel.h"
#include "load_settings.h"
#include "nexus/budget/ledger.h"
#include "nexus/handlers/handler_cache.h"
#include "nexus/panels/registry.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/sandbox/instance.h"
#include "nexus/sandbox/runtime.h"
#include "nexus/server/api.h"
#include "nexus/server/server.h"
#include "panel_files.h"
#include "settings_mapping.h"
#include "version.h"

namespace nexus::app {
namespace {

namespace asio = boost::asio;

constexpr int kFailed = 1, kAskedWrongly = 2;

void print_demo(const std::string& url) {
  fmt::print(
      "\nThe panel \"demo\" counts: {0}/panels/demo. Make one, call its tool, read its state:\n\n"
      R"(curl -s {0}/panels -d '{{"id":"sums","kind":"demo","tools":[{{"name":"add","trigger":{{"type":"manual"}},"handler":"$state.sum = ($state.sum ?? 0) + $args.n; return $state.sum"}}]}}')"
      "\n"
      R"(curl -s {0}/panels/sums/trigger/add -d '{{"n":5}}')"
      "\ncurl -s {0}/panels/sums/state\n",
      url);
}

// What happens on the loop before the first request and after the last.
class Life {
 public:
  Life(asio::io_context& loop, server::Api& api, server::Server& server)
      : loop_(loop), api_(api), server_(server), signals_(loop, SIGINT, SIGTERM) {}

  // Runs the loop until the server has ended. Gives the exit status.
  int run(std::vector<PanelFile> panels, bool demo) {
    wait_for_signal();
    asio::co_spawn(loop_, start(std::move(panels), demo), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
    loop_.run();
    return status_;
  }

 private:
  server::Task<void> start(std::vector<PanelFile> panels, bool demo) {
    for (const PanelFile& file : panels) {
      const auto panel = co_await api_.creation().create(file.json, file.handlers);
      if (is_draining_) co_return;
      if (!panel) {
        const server::Refusal& refusal = panel.error();
        fmt::print(stderr, "nexus: {}: {}\n{}\n", file.path, refusal.error.message, refusal.details_json);
        co_return stop(kAskedWrongly);
      }
    }
    if (is_draining_) co_return;
    if (const auto listening = server_.listen(); !listening) {
      fmt::print(stderr, "nexus: {}\n", listening.error().message);
      co_return stop(kFailed);
    }
    api_.set_stage(server::Stage::kServing);
    fmt::print("listening on {}\n", server_.url());
    if (demo) print_demo(server_.url());
    std::fflush(stdout);
  }

  void stop(int status) {
    status_ = status;
    loop_.stop();
  }

  void wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      if (std::exchange(is_draining_, true)) std::_Exit(128 + signal);
      spdlog::info("ending: running calls may finish; a second signal ends at once");
      wait_for_signal();
      server_.drain([this] { loop_.stop(); });
    });
  }

  asio::io_context& loop_;
  server::Api& api_;
  server::Server& server_;
  asio::signal_set signals_;
  int status_ = 0;
  bool is_draining_ = false;
};

}  // namespace

int serve(const ServeCommand& command) {
  const auto settings = load_settings(command.config);
  if (!settings) return kAskedWrongly;
  auto panels = read_panel_files(command.panels);
  if (!panels) {
    fmt::print(stderr, "nexus: {}\n", panels.error().message);
    return kAskedWrongly;
  }
  if (command.demo) panels->push_back({"--demo", std::string(demo_panel()), {}});

  SystemClock clock;
  budget::UnlimitedLedger ledger;

  // The engine and the interpreter's base image.
  auto runtime = sandbox::Runtime::create(runtime_options_of(settings->runtime), clock, ledger);
  if (!runtime) {
    fmt::print(stderr, "nexus: {}\n", runtime.error().message);
    return kFailed;
  }
  // Handlers that are loaded, and instances to run them in.
  handlers::HandlerCache cache(settings->runtime.image_cache_bytes);
  pool::InstancePool pool(pool_options_of(settings->runtime), clock,
                          [&] { return sandbox::Instance::create(**runtime); });

  panels::MemoryRegistry registry(clock, static_cast<std::uint32_t>(settings->runtime.max_panel_queue));
  metrics::Probes probes;

  // From here on all is on one thread, this one. The loop goes after what posts to it, before what its coroutines hold.
  asio::io_context loop{1};
  const auto executor = loop.get_executor();
  server::Api api(
      {executor, clock, registry, cache, pool, ledger, probes},
      {limits_of(settings->runtime), *sandbox::Capabilities::parse(settings->runtime.capabilities)},
      {kVersion, std::string(sandbox::Runtime::engine_version()),
       std::string(sandbox::Runtime::interpreter_version())},
      access_options_of(*settings));
  server::Server server(executor, clock, api, pool, server_options_of(settings->server));
  return Life(loop, api, server).run(*std::move(panels), command.demo);
}

}  // namespace nexus::app
