// What a caller is told who gets no instance.
#pragma once

#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/pool/policy.h"

namespace nexus::pool {

// kOverloaded with the layer "pool" and the setting that would change it, or kShuttingDown.
Error error_of(Refusal why, const PoolOptions& options);

}  // namespace nexus::pool
