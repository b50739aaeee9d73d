// What an execution leaves behind: its answer, and the journal of changes to be committed in one step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"

namespace nexus {

// The last value of one top-level key; without a value the key was deleted.
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

// Everything here is empty when the execution failed: the changes of a segment are applied all or none.
struct Journal {
  std::vector<StateMutation> mutations;  // one per key, in order of the first write
  std::vector<Event> events;
  std::vector<ViewCommand> view_commands;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

struct LogLine {
  LogLevel level;
  std::string text;
};

struct HostCalls {  // by function, as nexus_host_calls_total counts them
  std::uint64_t state_get = 0, state_set = 0, state_delete = 0, state_keys = 0, emit = 0, view = 0, log = 0,
                extension = 0;
  std::uint64_t total() const {
    return state_get + state_set + state_delete + state_keys + emit + view + log + extension;
  }
};

struct ExecutionMetrics {
  std::uint64_t execution_time_us = 0;  // running time
  std::uint64_t memory_used_bytes = 0;  // linear memory in use at the end
  std::uint64_t memory_peak_bytes = 0;  // and at most; never more than the limit
  HostCalls host_calls;
  bool cache_hit = false;         // the handler's image was there already, in memory or on disk
  std::uint64_t grown_bytes = 0;  // by how much the linear memory grew beyond the image
  // How long putting the memory back took; none when it was not measured, or the instance was given up instead.
  std::optional<std::uint64_t> reset_ns{};
};

struct ExecutionResult {
  std::string execution_id;
  std::optional<Error> error;  // none: success
  std::string return_json;     // empty: undefined
  Journal journal;             // of the last segment: to be committed
  Journal earlier;             // of those before, committed already; RESULT shows both
  ExecutionMetrics metrics;
  std::vector<LogLine> logs;
  std::uint64_t log_lines_dropped = 0;
  budget::Grant held{};  // kBuffers: what all this is charged as, and the text that is made of it

  bool ok() const { return !error.has_value(); }
};

// Of all that it says, about.
std::uint64_t text_bytes(const ExecutionResult& result);
// Adds what came later; of a key the last value stays, in the place of the first.
void append(Journal& journal, Journal later);
// One element of RESULT's stateMutations, and one of its events.
void append_mutation_json(std::string& out, const StateMutation& mutation);
void append_event_json(std::string& out, const Event& event);

// RESULT of the API, one line. `with_logs` as for ?logs=1.
enum class WithLogs : bool { kNo, kYes };
void append_result_json(std::string& out, const ExecutionResult& result, WithLogs with_logs);

}  // namespace nexus
