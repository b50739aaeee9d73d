#include "nexus/runtime/exposition/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "nexus/foundation/base/units.h"
#include "nexus/runtime/exposition/exposition.h"

namespace nexus::exposition {
namespace {

double number(std::uint64_t value) { return static_cast<double>(value); }

void report_executions(Exposition& out, const metrics::ExecutionProbe& probe,
                       const metrics::InProgress& in_progress) {
  const std::uint64_t succeeded = probe.succeeded.count();
  const std::uint64_t failed = probe.failed.count();
  out.counter("nexus_handler_executions_total", "Executions that have ended, by status.");
  out.sample({{"status", "success"}}, succeeded);
  out.sample({{"status", "error"}}, failed);

  const std::uint64_t total_ns = probe.succeeded.sum_ns() + probe.failed.sum_ns();
  out.gauge("nexus_handler_execution_time_us",
            "Mean running time of an execution since start, in microseconds.");
  out.sample(succeeded + failed == 0 ? 0.0 : number(total_ns) / 1000 / number(succeeded + failed));

  out.histogram("nexus_handler_execution_seconds", "Running time of executions that have ended.");
  out.durations({{"status", "success"}}, probe.succeeded.buckets());
  out.durations({{"status", "error"}}, probe.failed.buckets());

  out.gauge("nexus_executions", "Executions that have not ended, by state.");
  out.sample({{"state", "queued"}}, in_progress.queued);
  out.sample({{"state", "running"}}, in_progress.running);
  out.sample({{"state", "suspended"}}, in_progress.suspended);
  out.sample({{"state", "hibernated"}}, in_progress.hibernated);

  out.gauge("nexus_peak_memory_bytes", "Highest memoryPeakBytes of any execution since start.");
  out.sample(probe.peak_memory_bytes);

  out.histogram("nexus_reset_seconds", "Time to restore an instance's memory; one in 16 is measured.");
  out.durations({}, probe.resets.buckets());
}

void report_suspensions(Exposition& out, const metrics::SuspensionProbe& probe) {
  out.counter("nexus_suspensions_total", "Suspensions of executions, by the extension that they wait for.");
  for (const auto& [extension, count] : probe.by_extension)
    out.sample({{"extension", extension}}, count);
  out.histogram("nexus_suspension_seconds", "Time from the start of a suspension to its settlement.");
  out.durations({}, probe.times.buckets());
}

void report_triggers(Exposition& out, const metrics::TriggerProbe& probe) {
  out.counter("nexus_triggers_total", "Starts of tools by triggers, by type of trigger and outcome.");
  for (std::size_t type = 0; type < probe.counts.size(); ++type) {
    if (static_cast<TriggerType>(type) == TriggerType::kManual) continue;
    for (std::size_t outcome = 0; outcome < metrics::TriggerProbe::kOutcomes.size(); ++outcome)
      out.sample({{"type", kTriggerTypes[type]}, {"outcome", metrics::TriggerProbe::kOutcomes[outcome]}},
                 probe.counts[type][outcome]);
  }
}

void report_host_calls(Exposition& out, const HostCalls& calls) {
  const auto functions = std::to_array<std::pair<std::string_view, std::uint64_t>>({
      {"state_get", calls.state_get},
      {"state_set", calls.state_set},
      {"state_delete", calls.state_delete},
      {"state_keys", calls.state_keys},
      {"emit", calls.emit},
      {"view", calls.view},
      {"log", calls.log},
      {"extension", calls.extension},
  });
  out.counter("nexus_host_calls_total", "Calls from handlers to the host, by function.");
  for (const auto& [function, count] : functions)
    out.sample({{"function", function}}, count);
}

void report_refusals(Exposition& out, const metrics::ErrorProbe& errors,
                     const metrics::AdmissionProbe& admission) {
  out.counter("nexus_errors_total", "Executions that failed and requests that were rejected, by code.");
  for (std::size_t code = 0; code < kErrorCodeCount; ++code)
    out.sample({{"code", name(static_cast<ErrorCode>(code))}}, errors.by_code[code]);
  out.counter("nexus_admission_rejected_total", "Requests rejected because a limit was reached, by layer.");
  for (std::size_t layer = 0; layer < metrics::kLayers.size(); ++layer)
    out.sample({{"layer", metrics::kLayers[layer]}}, admission.by_layer[layer]);
}

void report_http(Exposition& out, const metrics::HttpProbe& probe) {
  std::vector<metrics::HttpCount> counts(probe.counts().begin(), probe.counts().end());
  std::ranges::sort(counts, {}, &metrics::HttpCount::labels);
  out.counter("nexus_http_requests_total", "HTTP responses, by route, method and status.");
  for (const auto& [labels, count] : counts) {
    const fmt::format_int code(labels.code);
    out.sample({{"route", labels.route}, {"method", labels.method}, {"code", {code.data(), code.size()}}},
               count);
  }
}

void report_images(Exposition& out, const handlers::CacheStats& stats) {
  out.gauge("nexus_cache_hit_rate", "Share of lookups since start that found the handler's image.");
  out.sample(hit_rate(stats));
  out.counter("nexus_cache_requests_total", "Lookups of a handler's image: in memory, on disk, or loaded.");
  out.sample({{"result", "hit"}}, stats.hits);
  out.sample({{"result", "disk"}}, stats.disk_hits);
  out.sample({{"result", "miss"}}, stats.misses);
  out.gauge("nexus_image_cache_bytes", "Bytes of the images in memory.");
  out.sample(stats.bytes);
  out.counter("nexus_image_cache_evictions_total", "Images dropped from memory to make room for others.");
  out.sample(stats.evictions);
}

void report_disk_cache(Exposition& out, const handlers::DiskCacheStats& stats) {
  out.gauge("nexus_cache_bytes", "Bytes of the images on disk.");
  out.sample(stats.bytes);
  out.gauge("nexus_cache_limit_bytes", "Most bytes of images on disk; 0 while there is no disk cache.");
  out.sample(stats.limit_bytes);
  out.counter("nexus_cache_evictions_total", "Images removed from disk to make room for others.");
  out.sample(stats.evictions);
  out.counter("nexus_cache_errors_total", "Errors of the disk cache, by operation.");
  for (std::size_t op = 0; op < stats.errors.size(); ++op)
    out.sample({{"op", handlers::kCacheOps[op]}}, stats.errors[op]);
}

void report_pool(Exposition& out, const pool::PoolStats& stats, std::uint64_t without_memory) {
  out.gauge("nexus_instances", "Instances, by state.");
  out.sample({{"state", "idle"}}, stats.idle);
  out.sample({{"state", "active"}}, stats.active);
  out.counter("nexus_instances_created_total", "Instances created since start.");
  out.sample(stats.created);

  using pool::Retired;
  constexpr auto kReasons = std::to_array<std::pair<std::string_view, Retired>>({
      {"trap", Retired::kTrap},
      {"cancel", Retired::kCancel},
      {"age", Retired::kAge},
      {"idle", Retired::kIdle},
      {"shutdown", Retired::kShutdown},
  });
  static_assert(kReasons.size() == pool::kRetiredCount);
  out.counter("nexus_instances_retired_total", "Instances retired since start, by reason.");
  for (const auto& [reason, value] : kReasons)
    out.sample({{"reason", reason}}, stats.retired[static_cast<std::size_t>(value)]);

  out.gauge("nexus_queue_depth", "Executions and loads that wait for an instance or for memory.");
  out.sample(stats.waiting + without_memory);
  out.histogram("nexus_pool_wait_seconds", "Time that an execution or load waited for an instance.");
  out.durations({}, stats.waits.buckets());
}

void report_memory(Exposition& out, const MemoryFacts& facts) {
  const system::MemoryLimits& limits = facts.view.limits;
  out.gauge("nexus_memory_budget_bytes", "Bytes that the process may use, reserve included.");
  out.sample(limits.budget_bytes);
  out.gauge("nexus_memory_budget_used_ratio",
            "Granted and unaccounted bytes, divided by the bytes of the tightest limit without its reserve.");
  out.sample(used_ratio(facts));
  // Read at the same moment as the unaccounted bytes: only then is their sum the memory of the process.
  out.gauge("nexus_memory_accounted_bytes", "Bytes granted, by kind of use.");
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind)
    out.sample({{"kind", budget::kKindNames[kind]}},
               facts.ledger.accounts.granted(static_cast<budget::Kind>(kind)));
  out.gauge("nexus_memory_unaccounted_bytes", "Bytes measured beyond the granted ones.");
  out.sample(facts.view.unaccounted_bytes);
  if (limits.container_limit_bytes) {
    out.gauge("nexus_container_memory_limit_bytes", "Memory limit of the container.");
    out.sample(*limits.container_limit_bytes);
    out.gauge("nexus_container_memory_usage_bytes",
              "Memory that the kernel charges to the container, cached files included.");
    out.sample(limits.container_usage_bytes);
  }
  out.counter("nexus_unclean_exits_total",
              "Earlier processes that were killed or crashed, found at the start.");
  out.sample(facts.unclean_exits.size());
}

void report_process(Exposition& out, const system::Process& process) {
  out.counter("process_cpu_seconds_total", "User and system time of all threads.");
  out.sample(process.cpu_seconds);
  out.gauge("process_max_fds", "Most file descriptors that may be open (RLIMIT_NOFILE).");
  out.sample(process.max_fds);
  if (process.open_fds) {
    out.gauge("process_open_fds", "File descriptors that are open.");
    out.sample(*process.open_fds);
  }
  if (!process.stat) return;
  out.gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
  out.sample(process.stat->resident_pages * kPageBytes);
  out.gauge("process_virtual_memory_bytes", "Address space, most of it reserved and never touched.");
  out.sample(process.stat->virtual_bytes);
  out.gauge("process_start_time_seconds", "Start time of the process, in seconds since 1970.");
  out.sample(process.started_unix_seconds);
  out.gauge("process_threads", "Threads of the process.");
  out.sample(process.stat->threads);
}

}  // namespace

double hit_rate(const handlers::CacheStats& stats) {
  const std::uint64_t found = stats.hits + stats.disk_hits;
  return found == 0 ? 0.0 : number(found) / number(found + stats.misses);
}

std::string report(const Snapshot& sum, const handlers::DiskCacheStats& disk, const Build& build,
                   const system::Process& process, const MemoryFacts& memory) {
  Exposition out;
  report_executions(out, sum.probes.executions, sum.probes.in_progress);
  report_suspensions(out, sum.probes.suspensions);
  report_triggers(out, sum.probes.triggers);
  report_host_calls(out, sum.probes.executions.host_calls);
  report_refusals(out, sum.probes.errors, sum.probes.admission);
  report_http(out, sum.probes.http);
  report_pool(out, sum.pool, sum.probes.in_progress.without_memory);
  report_images(out, sum.cache);
  report_disk_cache(out, disk);
  out.gauge("nexus_panels", "Panels that exist.");
  out.sample(sum.panels);
  out.gauge("nexus_ws_clients", "WebSocket clients that are connected.");
  out.sample(sum.probes.ws_clients);
  out.gauge("nexus_build_info", "Always 1; the labels have the versions.");
  out.sample({{"version", build.version}, {"engine", build.engine}, {"interpreter", build.interpreter}}, 1.0);
  report_memory(out, memory);
  report_process(out, process);
  return std::move(out).take();
}

}  // namespace nexus::exposition
