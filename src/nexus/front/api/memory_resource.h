// GET /runtime/memory
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "nexus/foundation/model/error_response.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/runtime/exposition/snapshot.h"

namespace nexus::api {

// ?sort=bytes|time|calls|host-calls|suspensions|refusals
std::expected<metrics::HandlerOrder, ErrorResponse> handler_order_of(std::string_view query);

// Appends the limits, the memory in use by kind and by handler, and advice. `sum`: the figures of all loops with their
// handlers, of which the first 20 are shown.
void append_memory(std::string& out, const exposition::MemoryFacts& facts, const exposition::Snapshot& sum,
                   metrics::HandlerOrder order);

}  // namespace nexus::api
