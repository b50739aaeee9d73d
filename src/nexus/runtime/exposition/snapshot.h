// All numbers of one loop at one moment, as values that can leave its thread and be added to those of other loops.
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

  // Adds up; of highest values it keeps the highest.
  void add(const Snapshot& other);
};

// REQUIRES: called on the thread of the sources' loop.
Snapshot collect(const Sources& sources);
// What the handlers that were called last have used, at most so many. REQUIRES: as above.
std::vector<metrics::HandlerUse> collect_handlers(const handlers::HandlerCache& cache, std::size_t most);

}  // namespace nexus::exposition
