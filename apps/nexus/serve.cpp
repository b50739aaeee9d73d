// `nexus serve`. The composition root: builds all parts in order; they are destroyed in reverse order.
#include <fmt/format.h>

#include <memory>
#include <vector>

#include "commands.h"
#include "embedded.h"
#include "exit_record.h"
#include "load_settings.h"
#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/budget/memory_monitor.h"
#include "nexus/foundation/system/kernel_file.h"
#include "nexus/foundation/system/pressure_watch.h"
#include "nexus/runtime/extensions/external.h"
#include "nexus/runtime/extensions/http.h"
#include "nexus/runtime/extensions/timer.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/disk_cache.h"
#include "panel_files.h"
#include "process_memory.h"
#include "reclaimer.h"
#include "server_lifecycle.h"
#include "serving_loop.h"
#include "settings_mapping.h"

namespace nexus::app {
namespace {

// Add your own extension here; see docs/extensions.md.
Result<std::vector<std::unique_ptr<extensions::Extension>>> make_extensions(const config::Settings& settings,
                                                                            budget::Ledger& ledger) {
  std::vector<std::unique_ptr<extensions::Extension>> all;
  NEXUS_TRY(auto http, extensions::create_http(settings.http, settings.server.body_limit_bytes, ledger));
  NEXUS_TRY(auto timer, extensions::Timer::create());
  all.push_back(std::move(http));
  all.push_back(std::move(timer));
  all.push_back(std::make_unique<extensions::External>());
  return all;
}

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

  auto unclean = take_unclean_exits(settings->runtime.cache_dir);
  SystemClock clock;
  budget::BoundedLedger ledger;
  const std::size_t loop_count = loops_of(*settings);
  set_up_allocator(loop_count);

  // The engine and the interpreter's base image.
  auto runtime = sandbox::Runtime::create(runtime_options_of(settings->runtime), clock, ledger);
  if (!runtime) {
    fmt::print(stderr, "nexus: {}\n", runtime.error().message);
    return kFailed;
  }
  budget::MemoryMonitor monitor(ledger, system::read_kernel_file,
                                memory_monitor_options_of(settings->runtime));
  // Before the port is open: the ledger must know the cache's files first, as on tmpfs they are memory.
  std::unique_ptr<handlers::DiskCache> disk_cache;
  if (auto options = disk_cache_options_of(settings->runtime, **runtime))
    disk_cache = std::make_unique<handlers::DiskCache>(*std::move(options), clock, ledger);
  ExitRecord record(settings->runtime.cache_dir, clock);
  const ProcessMemory known(monitor, ledger, **runtime, settings->runtime, std::move(unclean));
  auto extensions = make_extensions(*settings, ledger);
  if (!extensions) {
    fmt::print(stderr, "nexus: {}\n", extensions.error().message);
    return kFailed;
  }
  std::vector<extensions::Extension*> all_extensions;
  for (const auto& extension : *extensions)
    all_extensions.push_back(extension.get());
  const shard::Shard::Shared shared{clock, ledger, **runtime, disk_cache.get(), all_extensions};
  api::LoopPeers peers(loop_count);
  std::vector<std::unique_ptr<ServingLoop>> loops;
  loops.reserve(loop_count);
  for (std::size_t own = 0; own < loop_count; ++own)
    loops.push_back(std::make_unique<ServingLoop>(shared, known, *settings, peers, own));
  system::PressureWatch watch(system::control_groups(system::read_kernel_file, "memory"));
  Reclaimer reclaimer(loops, monitor, watch, ledger, clock, record);
  const int status =
      ServerLifecycle(loops, settings->server, **runtime, reclaimer)
          .run({*std::move(panels), command.demo, [&command] { reload_log_level(command.config); }});
  extensions->clear();  // before the loops, to which their threads post settlements
  return status;
}

}  // namespace nexus::app
