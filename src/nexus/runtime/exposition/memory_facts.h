// The memory figures of the whole process, for metrics, /runtime/memory and its advice.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "nexus/foundation/budget/memory_monitor.h"
#include "nexus/foundation/diagnostics/explain_exit.h"
#include "nexus/sandbox/memory/tracking.h"

namespace nexus::exposition {

// An earlier process that was killed or crashed.
struct UncleanNotice {
  diagnostics::Cause cause = diagnostics::Cause::kUnknown;
  std::vector<std::string> lines;  // diagnostics::explain()
};

struct MemoryFacts {
  budget::MemoryView view;
  budget::LedgerState ledger;
  std::uint64_t memory_limit_bytes = 0;  // MEMORY_LIMIT_MB
  std::uint64_t max_instances = 0;       // MAX_INSTANCES
  memory::TrackingCounts tracking;       // of the instances' memories
  std::vector<UncleanNotice> unclean_exits;
};

// Thread-safe.
class MemorySource {
 public:
  virtual ~MemorySource() = default;
  virtual MemoryFacts look() const = 0;
};

// Granted plus unaccounted bytes.
inline std::uint64_t used_bytes(const MemoryFacts& facts) {
  return facts.ledger.accounts.granted() + facts.view.unaccounted_bytes;
}

// used_bytes() divided by the grantable bytes, which are the tightest limit without the reserve. Above 1 when the
// measured memory exceeds them; 0 before the first measurement.
inline double used_ratio(const MemoryFacts& facts) {
  const std::uint64_t grantable = facts.view.limits.grantable_bytes;
  return grantable == 0 ? 0.0 : static_cast<double>(used_bytes(facts)) / static_cast<double>(grantable);
}

}  // namespace nexus::exposition
