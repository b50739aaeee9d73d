#include "nexus/metrics/snapshot.h"

namespace nexus::metrics {
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
}

Snapshot collect(const Sources& sources) {
  return {.probes = sources.probes,
          .pool = sources.pool.stats(),
          .cache = sources.cache.stats(),
          .panels = sources.registry.size()};
}

}  // namespace nexus::metrics
