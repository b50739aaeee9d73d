// The SIGSEGV path: a write to a cold page of the memory that this thread is running makes the page hot and goes on.
//
// Whose fault is it?
//   1. the address is in the arena, on a cold page of this thread's running memory   -> unprotected
//   2. on a cold page of any other memory                                            -> a stray write of ours: report, abort
//   3. anything else (the guest outside its memory, a null pointer)                  -> the handler that was there before
//
// Async-signal-safe throughout: no lock, no allocation; errno is kept.
#pragma once

#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/memory/arena.h"

namespace nexus::memory {

// One per process. REQUIRES: the engine exists already, since it installs its own handler with the first one and ours
// must come before it in the chain.
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
