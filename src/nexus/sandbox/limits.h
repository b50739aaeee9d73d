// What one execution may use at most. Defaults, least values and the environment variables that set them are
// those of docs/configuration.md; a panel or a tool may lower each of them, never raise it.
#pragma once

#include <cstdint>

#include "nexus/base/units.h"

namespace nexus::sandbox {

struct Limits {
  // Linear memory, interpreter included. Raise: one handler can take more of the machine; lower: large
  // arguments and results no longer fit (the interpreter alone needs about 0.6 MiB).
  std::uint64_t memory_limit_bytes = 32_MiB;
  std::uint64_t timeout_ms = 5000;    // running time, summed over slices
  std::uint64_t max_wall_ms = 30000;  // by the clock, waiting for the processor included
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

// JSON nested deeper than this is refused wherever it comes from.
inline constexpr int kMaxJsonDepth = 128;

}  // namespace nexus::sandbox
