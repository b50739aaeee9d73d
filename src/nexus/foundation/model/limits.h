// What one execution may use at most, and the bounds that the sandbox itself has for it.
#pragma once

#include <cstdint>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/model/resource_limits.h"

namespace nexus {

using Limits = ResourceLimits;

// The most that the guest's stack can have: it was linked with 256 KiB, of which the interpreter's own
// functions need the rest when a check fires at the last byte.
inline constexpr std::uint64_t kMostStackBytes = 200_KiB;
inline constexpr std::uint64_t kLeastStackBytes = 64_KiB;
inline constexpr std::uint64_t kLeastMemoryBytes = 1_MiB;
inline constexpr std::uint64_t kLeastTimeoutMs = 100;

}  // namespace nexus
