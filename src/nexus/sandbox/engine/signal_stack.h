// Where a guest's faults are handled. The engine maps such a stack at a thread's first call, and ends the process when it
// cannot; a thread that has one that is large enough keeps it.
#pragma once

#include "nexus/foundation/base/error.h"

namespace nexus::engine {

// Of the calling thread, until it ends; does nothing when it is there already. kInternalError when there is no room for it.
Result<void> prepare_signal_stack();

}  // namespace nexus::engine
