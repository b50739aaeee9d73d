// The result of an execution: its return value, and the journal of changes that are committed in one step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"

namespace nexus {

// The last value of a top-level key; no value means that the key was deleted.
struct StateMutation {
  std::string key;
  std::optional<std::string> json;
};

struct Event {
  std::string name;
  std::string payload_json;
  std::int64_t timestamp_ms = 0;
};

struct ViewCommand {
  std::string view_id;
  std::string command;
  std::string params_json;
};

// The changes of a segment, committed all or none. Empty if the execution failed.
struct Journal {
  std::vector<StateMutation> mutations;  // one per key, in order of first write
  std::vector<Event> events;
  std::vector<ViewCommand> view_commands;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

struct LogLine {
  LogLevel level;
  std::string text;
};

struct HostCalls {  // by function, as in nexus_host_calls_total
  std::uint64_t state_get = 0, state_set = 0, state_delete = 0, state_keys = 0, emit = 0, view = 0, log = 0,
                extension = 0;
  std::uint64_t total() const {
    return state_get + state_set + state_delete + state_keys + emit + view + log + extension;
  }
};

struct ExecutionMetrics {
  std::uint64_t execution_time_us = 0;  // CPU time
  std::uint64_t memory_used_bytes = 0;  // linear memory in use at the end
  std::uint64_t memory_peak_bytes = 0;  // the highest use of linear memory; never above the limit
  HostCalls host_calls;
  bool cache_hit = false;         // the handler's image was in memory or on disk
  std::uint64_t grown_bytes = 0;  // growth of the linear memory beyond the image
  // Time of the reset. None if it was not measured or the instance was discarded.
  std::optional<std::uint64_t> reset_ns{};
};

struct ExecutionResult {
  std::string execution_id;
  std::optional<Error> error;  // none: success
  std::string return_json;     // empty: undefined
  Journal journal;             // of the last segment, not yet committed
  Journal earlier;             // of the earlier segments, committed already; RESULT shows both
  ExecutionMetrics metrics;
  std::vector<LogLine> logs;
  std::uint64_t log_lines_dropped = 0;
  budget::Grant held{};  // kBuffers: the charge for this result and for the text made of it

  bool ok() const { return !error.has_value(); }
};

// The approximate size of its texts.
std::uint64_t text_bytes(const ExecutionResult& result);
// Appends later changes. A key keeps its first place and gets the last value.
void append(Journal& journal, Journal later);
// Appends one element of stateMutations or of events in RESULT.
void append_mutation_json(std::string& out, const StateMutation& mutation);
void append_event_json(std::string& out, const Event& event);

// RESULT of the API, on one line. `with_logs` corresponds to ?logs=1.
enum class WithLogs : bool { kNo, kYes };
void append_result_json(std::string& out, const ExecutionResult& result, WithLogs with_logs);

}  // namespace nexus
