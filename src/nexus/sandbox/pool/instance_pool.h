// Reusable instances: at most maxInstances, the most recently used first, with a bounded queue in order of arrival.
// PoolPolicy (policy.h) decides, without I/O, which instance is given, which caller waits and which is rejected.
#pragma once

#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/pool/basic_pool.h"

namespace nexus::pool {

using Lease = BasicLease<sandbox::Instance>;
using InstancePool = BasicInstancePool<sandbox::Instance>;

extern template class BasicLease<sandbox::Instance>;
extern template class BasicInstancePool<sandbox::Instance>;

}  // namespace nexus::pool
