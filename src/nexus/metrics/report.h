// All metrics of the program, collected from its parts when somebody asks.
#pragma once

#include <string>
#include <string_view>

#include "nexus/budget/ledger.h"
#include "nexus/handlers/handler_cache.h"
#include "nexus/metrics/probes.h"
#include "nexus/panels/registry.h"
#include "nexus/pool/instance_pool.h"

namespace nexus::metrics {

struct Sources {
  const Probes& probes;
  const handlers::HandlerCache& cache;
  const pool::InstancePool& pool;
  const panels::Registry& registry;
  const budget::Ledger& ledger;
};

struct Build {
  std::string_view version, engine, interpreter;
};

std::string report(const Sources& sources, const Build& build);

// Hits among all lookups, 0 before the first.
double hit_rate(const handlers::CacheStats& stats);

}  // namespace nexus::metrics
