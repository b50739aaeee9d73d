// Advice to operators about memory, in sentences. A pure function of the figures.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "nexus/foundation/metrics/handler_use.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/exposition/memory_facts.h"

namespace nexus::exposition {

// Executions after which a handler's p99 is reliable.
inline constexpr std::uint64_t kEnoughExecutions = 100;

// The most urgent advice first; empty when nothing needs to change. `handlers`: all handlers, sorted by bytes, highest
// first.
std::vector<std::string> memory_advice(const MemoryFacts& facts, const metrics::AdmissionProbe& refusals,
                                       std::span<const metrics::HandlerUse> handlers);

}  // namespace nexus::exposition
