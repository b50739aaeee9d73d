// The interpreter as a program of the engine: its imports, its exports, and the control block in its memory. Private to
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

// The exports, in the order in which engine::Instance::start knows them.
enum Export : std::size_t { kInitialize, kControl, kInit, kLoad, kRun, kResume };

// The interpreter, compiled.
std::span<const std::byte> guest_code();
Result<std::unique_ptr<engine::Program>> load_guest(engine::Engine& engine);

// The control block of a guest. Reading is safe whatever the guest has written there; writing needs a
// memory::Running on this thread.
class GuestControl {
 public:
  GuestControl() = default;
  // kInternalError when the address isn't inside the memory.
  static Result<GuestControl> at(engine::Instance& instance, std::int32_t address);

  control* operator->() const { return control_; }
  // Writes texts with a NUL behind each into the input area; false when they don't fit.
  bool put_input(std::string_view first, std::string_view second) const;

 private:
  explicit GuestControl(control* c) : control_(c) {}
  control* control_ = nullptr;
};

}  // namespace nexus::sandbox
