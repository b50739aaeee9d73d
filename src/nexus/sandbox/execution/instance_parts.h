// The parts of an instance. Private to sandbox/.
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
  std::uint64_t running_us =
      0;  // CPU time, but elapsed time for the first slice, which is cheaper to measure
  bool is_first_slice = true;
  std::uint64_t peak_ever = 0;
  std::optional<memory::DeltaCapture> capture{};  // of a waiting execution
  std::uint64_t waited_after_us = 0;              // the elapsed time when the execution began to wait
  std::size_t parts_in = 0;                       // restored parts of the delta
  bool broken = false;                            // interrupted, or broke the protocol: must not run again

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
