// The SIGSEGV handler: a write to a cold page of this thread's running memory makes the page hot and continues.
//
// The cause of a fault:
//   1. a cold page of this thread's running memory                       -> unprotected
//   2. a cold page of any other memory                                   -> a stray write of ours: report, abort
//   3. anything else (the guest outside its memory, a null pointer)      -> the previous handler
//
// Async-signal-safe throughout: no lock, no allocation; errno is preserved.
#pragma once

#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/memory/arena.h"

namespace nexus::memory {

// One per process. REQUIRES: the engine exists. The engine installs its own handler when it is created, and ours must
// come first in the chain.
class WriteFaults {
 public:
  static Result<std::unique_ptr<WriteFaults>> install(const Arena& arena);
  ~WriteFaults();
  WriteFaults(const WriteFaults&) = delete;
  WriteFaults& operator=(const WriteFaults&) = delete;

 private:
  WriteFaults() = default;
};

}  // namespace nexus::memory
