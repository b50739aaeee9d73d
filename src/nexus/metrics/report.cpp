#include "nexus/metrics/report.h"

#include <array>
#include <utility>

#include "nexus/metrics/exposition.h"

namespace nexus::metrics {
namespace {

double number(std::uint64_t value) { return static_cast<double>(value); }

void report_executions(Exposition& out, const ExecutionProbe& probe) {
  out.counter("nexus_handler_executions_total", "Executions that have ended, by how they ended.");
  out.sample({{"status", "success"}}, number(probe.succeeded));
  out.sample({{"status", "error"}}, number(probe.failed));

  const std::uint64_t total = probe.succeeded + probe.failed;
  out.gauge("nexus_handler_execution_time_us",
            "Mean running time of an execution since start, in microseconds.");
  out.sample(total == 0 ? 0.0 : number(probe.time_us) / number(total));

  out.gauge("nexus_peak_memory_bytes", "Highest memoryPeakBytes of any execution since start.");
  out.sample(number(probe.peak_memory_bytes));

  const sandbox::HostCalls& calls = probe.host_calls;
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
    out.sample({{"function", function}}, number(count));
}

void report_errors(Exposition& out, const ErrorProbe& probe) {
  out.counter("nexus_errors_total", "Executions that failed and requests that were refused, by code.");
  for (std::size_t code = 0; code < kErrorCodeCount; ++code) {
    out.sample({{"code", name(static_cast<ErrorCode>(code))}}, number(probe.by_code[code]));
  }
}

void report_cache(Exposition& out, const handlers::CacheStats& stats) {
  out.gauge("nexus_cache_hit_rate", "Share of lookups since start that found their handler's image.");
  out.sample(hit_rate(stats));
  out.gauge("nexus_cache_bytes", "Bytes of the images in the cache.");
  out.sample(number(stats.bytes));
  out.counter("nexus_cache_requests_total", "Lookups of a handler's image, by result.");
  out.sample({{"result", "hit"}}, number(stats.hits));
  out.sample({{"result", "miss"}}, number(stats.misses));
  out.counter("nexus_cache_evictions_total", "Images dropped to make room for others.");
  out.sample(number(stats.evictions));
}

void report_pool(Exposition& out, const pool::InstancePool& pool) {
  out.gauge("nexus_instances", "Instances, by what they do.");
  out.sample({{"state", "idle"}}, pool.available_count());
  out.sample({{"state", "active"}}, pool.active_count());
  out.counter("nexus_instances_created_total", "Instances made since start.");
  out.sample(number(pool.instances_created()));

  using pool::Retired;
  constexpr auto kReasons = std::to_array<std::pair<std::string_view, Retired>>({
      {"trap", Retired::kTrap},
      {"cancel", Retired::kCancel},
      {"age", Retired::kAge},
      {"idle", Retired::kIdle},
      {"shutdown", Retired::kShutdown},
  });
  out.counter("nexus_instances_retired_total", "Instances given up since start, by reason.");
  for (const auto& [reason, value] : kReasons)
    out.sample({{"reason", reason}}, number(pool.instances_retired(value)));

  out.gauge("nexus_queue_depth", "Executions that wait for an instance.");
  out.sample(pool.waiting_count());
}

void report_bytes(Exposition& out, const budget::Ledger& ledger) {
  using budget::Kind;
  constexpr auto kKinds = std::to_array<std::pair<std::string_view, Kind>>({
      {"server", Kind::kServer},
      {"images", Kind::kImages},
      {"instances", Kind::kInstances},
      {"suspended", Kind::kSuspended},
      {"cache", Kind::kCache},
      {"buffers", Kind::kBuffers},
  });
  out.gauge("nexus_memory_accounted_bytes", "Bytes granted, by what they are for.");
  for (const auto& [kind, value] : kKinds)
    out.sample({{"kind", kind}}, number(ledger.granted(value)));
}

}  // namespace

double hit_rate(const handlers::CacheStats& stats) {
  const std::uint64_t lookups = stats.hits + stats.misses;
  return lookups == 0 ? 0.0 : number(stats.hits) / number(lookups);
}

std::string report(const Sources& sources, const Build& build) {
  Exposition out;
  report_executions(out, sources.probes.executions);
  report_errors(out, sources.probes.errors);
  report_cache(out, sources.cache.stats());
  report_pool(out, sources.pool);
  report_bytes(out, sources.ledger);
  out.gauge("nexus_panels", "Panels that exist.");
  out.sample(number(sources.registry.size()));
  out.gauge("nexus_build_info", "Always 1; the labels say what is running.");
  out.sample({{"version", build.version}, {"engine", build.engine}, {"interpreter", build.interpreter}}, 1);
  return std::move(out).take();
}

}  // namespace nexus::metrics
