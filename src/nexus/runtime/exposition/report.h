// All metrics of the program as text.
#pragma once

#include <string>
#include <string_view>

#include "nexus/foundation/system/process.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/runtime/exposition/snapshot.h"
#include "nexus/sandbox/handlers/disk_cache.h"

namespace nexus::exposition {

struct Build {
  std::string_view version, engine, interpreter;
};

// `sum`: the figures of all loops, added up. `disk`: of the cache that all loops share. The text has about 12 KB and at
// most 64 KB, and takes 0.1 ms. Its size depends on the labels in use, not on the number of panels.
std::string report(const Snapshot& sum, const handlers::DiskCacheStats& disk, const Build& build,
                   const system::Process& process, const MemoryFacts& memory);

// The share of lookups that found an image in memory or on disk; 0 before the first lookup.
double hit_rate(const handlers::CacheStats& stats);

}  // namespace nexus::exposition
