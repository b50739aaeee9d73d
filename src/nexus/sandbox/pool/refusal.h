// The error for a caller that gets no instance.
#pragma once

#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/pool/policy.h"

namespace nexus::pool {

// kOverloaded with the layer "pool" and the setting that changes the limit, or kShuttingDown.
Error error_of(Refusal why, const PoolOptions& options);

}  // namespace nexus::pool
