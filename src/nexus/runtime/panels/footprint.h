// About how many bytes of heap a panel keeps, for the ledger. Measured with 10,000 panels; see footprint_test.
#pragma once

#include <cstdint>

#include "nexus/runtime/panels/definition.h"

namespace nexus::panels {

std::uint64_t footprint(const Definition& definition);
std::uint64_t footprint(const State& state);

}  // namespace nexus::panels
