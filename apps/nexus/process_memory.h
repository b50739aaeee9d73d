// The memory figures of the process, for all loops.
#pragma once

#include <utility>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/sandbox/execution/runtime.h"

namespace nexus::app {

class ProcessMemory final : public exposition::MemorySource {
 public:
  // All arguments but the notices must outlive it.
  ProcessMemory(budget::MemoryMonitor& monitor, const budget::BoundedLedger& ledger,
                const sandbox::Runtime& runtime, const config::RuntimeConfig& settings,
                std::vector<exposition::UncleanNotice> unclean_exits)
      : monitor_(monitor),
        ledger_(ledger),
        runtime_(runtime),
        settings_(settings),
        unclean_exits_(std::move(unclean_exits)) {}

  // Measures the unaccounted bytes now, because they change with every request.
  exposition::MemoryFacts look() const override {
    monitor_.look(false);
    budget::MemoryView view = monitor_.view();
    budget::LedgerState ledger = ledger_.state();
    const std::uint64_t granted = ledger.accounts.granted();
    view.unaccounted_bytes = minus(view.measured_bytes, granted);
    return {std::move(view),     ledger,        settings_.memory_limit_bytes, settings_.max_instances,
            runtime_.tracking(), unclean_exits_};
  }

 private:
  budget::MemoryMonitor& monitor_;
  const budget::BoundedLedger& ledger_;
  const sandbox::Runtime& runtime_;
  const config::RuntimeConfig& settings_;
  const std::vector<exposition::UncleanNotice> unclean_exits_;
};

}  // namespace nexus::app
