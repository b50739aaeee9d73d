#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::pool {

template class BasicLease<sandbox::Instance>;
template class BasicInstancePool<sandbox::Instance>;

}  // namespace nexus::pool
