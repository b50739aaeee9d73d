// The alternate signal stack for guests' faults. The engine maps one on a thread's first call, and ends the process
// if it cannot; it keeps an existing stack that is large enough.
#pragma once

#include "nexus/foundation/base/error.h"

namespace nexus::engine {

// Maps one for the calling thread, until the thread ends; does nothing if it exists. kInternalError without memory.
Result<void> prepare_signal_stack();

}  // namespace nexus::engine
