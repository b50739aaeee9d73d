// The limits of one execution, and the sandbox's own bounds for them. table.h has the bounds, meanings and variables of
// the settings. A panel or tool may lower each limit, never raise it.
#pragma once

#include <cstdint>

#include "nexus/foundation/base/units.h"

namespace nexus {

// The part of RuntimeConfig that applies to each execution.
struct Limits {
  // Linear memory with the interpreter, which alone needs about 0.6 MiB.
  std::uint64_t memory_limit_bytes = 32_MiB;
  std::uint64_t timeout_ms = 5000;     // CPU time, summed over slices
  std::uint64_t max_wall_ms = 30'000;  // elapsed time, waiting for the CPU included
  std::uint64_t max_host_calls = 1000;
  std::uint64_t max_state_mutations = 1000;
  std::uint64_t max_events = 100;
  std::uint64_t max_view_commands = 100;
  std::uint64_t max_journal_bytes = 8_MiB;  // mutations + events + view commands
  std::uint64_t max_result_bytes = 1_MiB;
  std::uint64_t max_state_bytes = 4_MiB;  // of the whole panel after the execution
  std::uint64_t max_log_bytes = 64_KiB;   // further lines are dropped and counted; never an error
  std::uint64_t stack_size_bytes = 200_KiB;

  bool operator==(const Limits&) const = default;
};

// The largest stack of a guest: it is linked with 256 KiB, and the interpreter's own functions need the rest after a
// stack check fires at the last byte.
inline constexpr std::uint64_t kMostStackBytes = 200_KiB;
inline constexpr std::uint64_t kLeastStackBytes = 64_KiB;
inline constexpr std::uint64_t kLeastMemoryBytes = 1_MiB;
inline constexpr std::uint64_t kLeastTimeoutMs = 100;

}  // namespace nexus
