// What all loops may know of the memory of the process.
#pragma once

#include <utility>

#include "nexus/config/settings.h"
#include "nexus/metrics/memory_facts.h"

namespace nexus::app {

class ProcessMemory final : public metrics::MemorySource {
 public:
  // All but the notices must outlive it.
  ProcessMemory(const budget::Keeper& keeper, const budget::BoundedLedger& ledger,
                const config::RuntimeConfig& settings, std::vector<metrics::UncleanNotice> unclean_exits)
      : keeper_(keeper), ledger_(ledger), settings_(settings), unclean_exits_(std::move(unclean_exits)) {}

  metrics::MemoryFacts look() const override {
    return {keeper_.view(), ledger_.state(), settings_.memory_limit_bytes, settings_.max_instances,
            unclean_exits_};
  }

 private:
  const budget::Keeper& keeper_;
  const budget::BoundedLedger& ledger_;
  const config::RuntimeConfig& settings_;
  const std::vector<metrics::UncleanNotice> unclean_exits_;
};

}  // namespace nexus::app
