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

// `sum` is that of all loops, `disk` of the cache that they share. About 12 KB, and at most 64; 0.1 ms. Its size depends
// on what was asked of the server, not on how many panels there are.
std::string report(const Snapshot& sum, const handlers::DiskCacheStats& disk, const Build& build,
                   const system::Process& process, const MemoryFacts& memory);

// Hits in memory and on disk among all lookups, 0 before the first.
double hit_rate(const handlers::CacheStats& stats);

}  // namespace nexus::exposition
