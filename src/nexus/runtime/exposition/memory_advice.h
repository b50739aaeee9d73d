// What an operator might change about memory, in words. Pure: figures go in, sentences come out.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nexus/foundation/metrics/handler_use.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/exposition/memory_facts.h"

namespace nexus::exposition {

// Executions after which a handler's p99 is believed.
inline constexpr std::uint64_t kEnoughExecutions = 100;

// The most urgent first; empty: nothing to change. `handlers` are all, those with most bytes first.
std::vector<std::string> memory_advice(const MemoryFacts& facts, const metrics::AdmissionProbe& refusals,
                                       std::span<const metrics::HandlerUse> handlers);

}  // namespace nexus::exposition
