#include "nexus/runtime/panels/limit_fields.h"

#include <array>

namespace nexus::panels {
namespace {

using L = Limits;

constexpr auto kFields = std::to_array<LimitField>({
    {"memoryLimitBytes", "MEMORY_LIMIT_MB", &L::memory_limit_bytes, kLeastMemoryBytes},
    {"timeoutMs", "TIMEOUT_MS", &L::timeout_ms, kLeastTimeoutMs},
    {"maxWallMs", "MAX_WALL_MS", &L::max_wall_ms, kLeastTimeoutMs},
    {"maxHostCalls", "MAX_HOST_CALLS", &L::max_host_calls, 1},
    {"maxStateMutations", "MAX_STATE_MUTATIONS", &L::max_state_mutations, 0},
    {"maxEvents", "MAX_EVENTS", &L::max_events, 0},
    {"maxViewCommands", "MAX_VIEW_COMMANDS", &L::max_view_commands, 0},
    {"maxJournalBytes", "MAX_JOURNAL_BYTES", &L::max_journal_bytes, 0},
    {"maxResultBytes", "MAX_RESULT_BYTES", &L::max_result_bytes, 0},
    {"maxStateBytes", "MAX_STATE_BYTES", &L::max_state_bytes, 0},
    {"maxLogBytes", "MAX_LOG_BYTES", &L::max_log_bytes, 0},
    {"stackSizeBytes", "STACK_SIZE_BYTES", &L::stack_size_bytes, kLeastStackBytes},
});

}  // namespace

std::span<const LimitField> limit_fields() { return kFields; }

const LimitField* find_limit_field(std::string_view name) {
  for (const LimitField& field : kFields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

}  // namespace nexus::panels
