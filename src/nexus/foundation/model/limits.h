// What one execution may use at most, and the bounds that the sandbox itself has for it. Bounds, meanings and the variables
// that set them are those of table.h; a panel or a tool may lower each of them, never raise it.
#pragma once

#include <cstdint>

#include "nexus/foundation/base/units.h"

namespace nexus {

// The part of RuntimeConfig that is enforced for each execution.
struct Limits {
  // Linear memory, interpreter included: that alone needs about 0.6 MiB.
  std::uint64_t memory_limit_bytes = 32_MiB;
  std::uint64_t timeout_ms = 5000;     // on the processor, summed over slices
  std::uint64_t max_wall_ms = 30'000;  // by the clock, waiting for the processor included
  std::uint64_t max_host_calls = 1000;
  std::uint64_t max_state_mutations = 1000;
  std::uint64_t max_events = 100;
  std::uint64_t max_view_commands = 100;
  std::uint64_t max_journal_bytes = 8_MiB;  // mutations + events + view commands
  std::uint64_t max_result_bytes = 1_MiB;
  std::uint64_t max_state_bytes = 4_MiB;  // of the whole panel, after the execution
  std::uint64_t max_log_bytes = 64_KiB;   // past it lines are dropped and counted, never an error
  std::uint64_t stack_size_bytes = 200_KiB;

  bool operator==(const Limits&) const = default;
};

// The most that the guest's stack can have: it was linked with 256 KiB, of which the interpreter's own
// functions need the rest when a check fires at the last byte.
inline constexpr std::uint64_t kMostStackBytes = 200_KiB;
inline constexpr std::uint64_t kLeastStackBytes = 64_KiB;
inline constexpr std::uint64_t kLeastMemoryBytes = 1_MiB;
inline constexpr std::uint64_t kLeastTimeoutMs = 100;

}  // namespace nexus
