#include "nexus/runtime/exposition/memory_facts.h"

namespace nexus::exposition {

std::uint64_t used_bytes(const MemoryFacts& facts) {
  return facts.ledger.accounts.granted() + facts.view.unaccounted_bytes;
}

double used_ratio(const MemoryFacts& facts) {
  const std::uint64_t grantable = facts.view.limits.grantable_bytes;
  return grantable == 0 ? 0.0 : static_cast<double>(used_bytes(facts)) / static_cast<double>(grantable);
}

}  // namespace nexus::exposition
