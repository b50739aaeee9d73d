// Instances for reuse: at most maxInstances at once, the most recently used first, bounded waiting in order of
// arrival. Which instance, who waits and who is refused is decided by PoolPolicy (policy.h), which has no I/O.
#pragma once

#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/pool/basic_pool.h"

namespace nexus::pool {

using Lease = BasicLease<sandbox::Instance>;
using InstancePool = BasicInstancePool<sandbox::Instance>;

extern template class BasicLease<sandbox::Instance>;
extern template class BasicInstancePool<sandbox::Instance>;

}  // namespace nexus::pool
