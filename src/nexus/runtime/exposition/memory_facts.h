// What is known of the memory of the whole process, for metrics, /runtime/memory and its advice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/budget/memory_monitor.h"
#include "nexus/foundation/diagnostics/explain_exit.h"
#include "nexus/sandbox/memory/tracking.h"

namespace nexus::exposition {

// A process before this one that was killed or crashed.
struct UncleanNotice {
  diagnostics::Cause cause = diagnostics::Cause::kUnknown;
  std::vector<std::string> lines;  // diagnostics::explain()
};

struct MemoryFacts {
  budget::MemoryView view;
  budget::LedgerState ledger;
  std::uint64_t memory_limit_bytes = 0;  // MEMORY_LIMIT_MB
  std::uint64_t max_instances = 0;       // MAX_INSTANCES
  memory::TrackingCounts tracking;       // of the instances
  std::vector<UncleanNotice> unclean_exits;
};

// Thread-safe.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  virtual MemoryFacts look() const = 0;
};

// Granted and unaccounted bytes.
std::uint64_t used_bytes(const MemoryFacts& facts);

// used_bytes() over what may be granted, which is the tightest limit without its reserve. Above 1 when measured memory has
// outgrown it; 0 before the first look.
double used_ratio(const MemoryFacts& facts);

}  // namespace nexus::exposition
