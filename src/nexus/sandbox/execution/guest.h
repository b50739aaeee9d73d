// The interpreter as a program of the engine: imports, exports, and the control block in its memory. Private to
// sandbox/.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "guest/border.h"
#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/engine/instance.h"

namespace nexus::sandbox {

// The exports, by the index that engine::Instance::start takes.
enum Export : std::size_t { kInitialize, kControl, kInit, kLoad, kRun, kResume };

// The compiled interpreter.
std::span<const std::byte> guest_code();
Result<std::unique_ptr<engine::Program>> load_guest(engine::Engine& engine);

// The control block of a guest. Reads are safe whatever the guest has written there; writes need a memory::Running on
// this thread.
class GuestControl {
 public:
  GuestControl() = default;
  // kInternalError if the address is outside the memory.
  static Result<GuestControl> at(engine::Instance& instance, std::int32_t address);

  control* operator->() const { return control_; }
  // Writes both texts, each with a NUL behind it, into the input area; false if they do not fit.
  bool put_input(std::string_view first, std::string_view second) const;

 private:
  explicit GuestControl(control* c) : control_(c) {}
  control* control_ = nullptr;
};

}  // namespace nexus::sandbox
