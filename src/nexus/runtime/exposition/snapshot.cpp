#include "nexus/runtime/exposition/snapshot.h"

namespace nexus::exposition {
namespace {

void add_to(handlers::CacheStats& sum, const handlers::CacheStats& stats) {
  sum.hits += stats.hits;
  sum.disk_hits += stats.disk_hits;
  sum.misses += stats.misses;
  sum.evictions += stats.evictions;
  sum.bytes += stats.bytes;
  sum.entries += stats.entries;
}

}  // namespace

void Snapshot::add(const Snapshot& other) {
  probes.add(other.probes);
  pool.add(other.pool);
  add_to(cache, other.cache);
  panels += other.panels;
  handlers.insert(handlers.end(), other.handlers.begin(), other.handlers.end());
}

Snapshot collect(const Sources& sources) {
  return {.probes = sources.probes,
          .pool = sources.pool.stats(),
          .cache = sources.cache.stats(),
          .panels = sources.registry.size(),
          .handlers = {}};
}

std::vector<metrics::HandlerUse> collect_handlers(const handlers::HandlerCache& cache, std::size_t most) {
  std::vector<metrics::HandlerUse> collected;
  for (const handlers::HandlerUse& use : cache.uses(most)) {
    collected.push_back({.name = use.name,
                         .image_bytes = use.image_bytes,
                         .p99_bytes = use.image_bytes + use.memory.forecast_bytes(),
                         .high_water_bytes = use.image_bytes + use.memory.high_water_bytes(),
                         .memory_limit_bytes = use.memory_limit_bytes,
                         .executions = use.executions,
                         .running_us = use.running_us,
                         .host_calls = use.host_calls,
                         .suspensions = use.suspensions,
                         .refusals = use.refusals});
  }
  return collected;
}

}  // namespace nexus::exposition
