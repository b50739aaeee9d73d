// What Runtime is made of. Private to sandbox/.
#pragma once

#include "nexus/foundation/model/limits.h"
#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/execution/guest.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::sandbox {

// Destroyed in reverse.
struct Runtime::Parts {
  const Clock& clock;
  budget::Ledger& ledger;
  std::unique_ptr<engine::Engine> engine{};
  std::unique_ptr<engine::Program> program{};
  std::shared_ptr<const memory::Image> base{};  // the interpreter before any handler is loaded
  std::int32_t control_address = 0;
  std::uint32_t stack_end = 0;  // the guest's stack is [0, stack_end): dead whenever nothing runs
};

// Zeroes the dead stack and what the host left in the control block, so that equal handlers give equal images.
// REQUIRES: the guest is at rest and its memory writable.
void scrub(const Runtime::Parts& runtime, engine::Instance& instance);

}  // namespace nexus::sandbox
