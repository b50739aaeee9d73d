// The parts of Runtime. Private to sandbox/.
#pragma once

#include "nexus/foundation/model/limits.h"
#include "nexus/sandbox/engine/engine.h"
#include "nexus/sandbox/execution/guest.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::sandbox {

// Destroyed in reverse order.
struct Runtime::Parts {
  const Clock& clock;
  budget::Ledger& ledger;
  std::unique_ptr<engine::Engine> engine{};
  std::unique_ptr<engine::Program> program{};
  std::shared_ptr<const memory::Image> base{};  // the interpreter before a handler is loaded
  std::int32_t control_address = 0;
  std::uint32_t stack_end = 0;  // the guest's stack is [0, stack_end): dead while nothing runs
};

// Zeroes the dead stack and the host's remains in the control block, so that equal handlers give equal images.
// REQUIRES: the guest is at rest and its memory is writable.
void scrub(const Runtime::Parts& runtime, engine::Instance& instance);

}  // namespace nexus::sandbox
