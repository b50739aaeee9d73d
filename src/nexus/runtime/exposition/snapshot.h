// The figures of one loop at one moment, as values that other threads may read and add up.
#pragma once

#include <cstdint>

#include "nexus/foundation/metrics/handler_use.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::exposition {

// The parts of one loop.
struct Sources {
  const metrics::Probes& probes;
  const handlers::HandlerCache& cache;
  const pool::InstancePool& pool;
  const panels::Registry& registry;
};

struct Snapshot {
  metrics::Probes probes;
  pool::PoolStats pool;
  handlers::CacheStats cache;
  std::uint64_t panels = 0;
  std::vector<metrics::HandlerUse> handlers;  // left out by collect()

  // Adds `other` to this snapshot. For peaks it keeps the higher value.
  void add(const Snapshot& other);
};

// REQUIRES: called on the thread of the sources' loop.
Snapshot collect(const Sources& sources);
// Memory use of the handlers that were called most recently, at most `most` of them. REQUIRES: as above.
std::vector<metrics::HandlerUse> collect_handlers(const handlers::HandlerCache& cache, std::size_t most);

}  // namespace nexus::exposition
