// An execution between two segments: it waits for its calls and holds no instance.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nexus/foundation/model/call_answer.h"
#include "nexus/foundation/model/result.h"
#include "nexus/sandbox/memory/delta.h"

namespace nexus::sandbox {

// A call of $ext by a segment. The call begins after the segment has been committed.
struct ExtensionCall {
  std::uint32_t number = 0;  // within its execution
  std::string extension;
  std::string method;
  std::string args_json;  // an array
};

// Totals of the segments so far: limits apply to their sum.
struct Carried {
  Journal journal;  // committed already; the last value of each key
  std::vector<LogLine> logs;
  std::uint64_t log_lines_dropped = 0;
  HostCalls host_calls;
  std::uint64_t mutations = 0;
  std::uint64_t journal_bytes = 0;
  std::uint64_t log_bytes = 0;
  std::uint64_t copied_bytes = 0;
  std::uint64_t running_us = 0;
  std::uint64_t wall_us = 0;  // elapsed time without suspensions
  std::int64_t started_unix_ms = 0;
  std::uint32_t next_call = 0;
  std::uint32_t unsettled_calls = 0;
  budget::Grant held{};  // kBuffers, for texts copied from the guest
};

// The result of an execution that will not resume.
inline ExecutionResult result_of(Carried carried, std::string execution_id, Error error) {
  ExecutionResult result;
  result.execution_id = std::move(execution_id);
  result.error = std::move(error);
  result.earlier = std::move(carried.journal);
  result.metrics.execution_time_us = carried.running_us;
  result.metrics.host_calls = carried.host_calls;
  result.logs = std::move(carried.logs);
  result.log_lines_dropped = carried.log_lines_dropped;
  result.held = std::move(carried.held);
  return result;
}

struct Suspended {
  memory::Delta delta;
  Carried carried;
};

// The result of a segment whose execution waits.
struct Segment {
  Journal journal;  // to be committed
  std::vector<ExtensionCall> calls;
  Suspended suspended;
};

}  // namespace nexus::sandbox
