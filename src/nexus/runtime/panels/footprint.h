// Estimated heap bytes of a panel, for the ledger. The constants were measured with 10,000 panels.
#pragma once

#include <cstdint>

#include "nexus/runtime/panels/definition.h"

namespace nexus::panels {

std::uint64_t footprint(const Definition& definition);
std::uint64_t footprint(const State& state);

}  // namespace nexus::panels
