// What an instance consists of. Private to sandbox/.
#pragma once

#include <optional>
#include <string>

#include "nexus/sandbox/execution/call.h"
#include "nexus/sandbox/execution/instance.h"
#include "nexus/sandbox/execution/runtime_parts.h"

namespace nexus::sandbox {

struct Instance::Parts {
  Runtime::Parts& runtime;
  budget::Grant overhead{};
  budget::Grant deep_stack{};  // of the execution in progress
  std::unique_ptr<engine::Instance> engine{};
  GuestControl control{};
  // The execution or load in progress.
  Call::Purpose purpose = Call::Purpose::kExecution;
  ExecutionRequest request{};
  std::optional<Call> call{};
  std::optional<Error> error{};
  std::uint64_t started_us = 0;
  std::uint64_t running_us = 0;  // on a CPU, but for the first slice, which is measured by the cheaper clock
  bool is_first_slice = true;
  std::uint64_t peak_ever = 0;
  std::optional<memory::DeltaCapture> capture{};  // of what waits
  std::uint64_t waited_after_us = 0;              // its wall time until then
  std::size_t parts_in = 0;                       // of the delta that is being put in
  bool broken = false;                            // it was interrupted, or lied: nothing more may run in it

  memory::LinearMemory& memory() { return engine->memory(); }
  void begin(Call::Purpose why, std::shared_ptr<const memory::Image> image, std::string_view first,
             std::string_view second);
  void clear(Call::Purpose why);
  void write_input(std::string_view first, std::string_view second);
  void scrub_input();
  Step capture_delta();
  Result<void> begin_to_restore(const memory::Delta& delta);
  void returned();
  bool is_honest_end() const;
  void trapped();
  void stop(ErrorCode code, std::string message, std::optional<LimitReached> limit);
  engine::Progress run_slice();
  void check_time();
  void charge();
  void measure();
};

}  // namespace nexus::sandbox
