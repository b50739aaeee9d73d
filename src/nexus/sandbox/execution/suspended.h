// An execution between two segments: it waits for what it has called, and no instance is held.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nexus/foundation/model/call_answer.h"
#include "nexus/foundation/model/result.h"
#include "nexus/sandbox/memory/delta.h"

namespace nexus::sandbox {

// A call of $ext that a segment made. It begins when the segment has ended.
struct ExtensionCall {
  std::uint32_t number = 0;  // within its execution
  std::string extension;
  std::string method;
  std::string args_json;  // an array
};

// What the segments so far have used up and left: limits count over all of them.
struct Carried {
  Journal journal;  // committed already; of a key its last value
  std::vector<LogLine> logs;
  std::uint64_t log_lines_dropped = 0;
  HostCalls host_calls;
  std::uint64_t mutations = 0;
  std::uint64_t journal_bytes = 0;
  std::uint64_t log_bytes = 0;
  std::uint64_t copied_bytes = 0;
  std::uint64_t running_us = 0;
  std::uint64_t wall_us = 0;  // without the time that it was suspended
  std::int64_t started_unix_ms = 0;
  std::uint32_t next_call = 0;
  std::uint32_t unsettled_calls = 0;
  budget::Grant held{};  // kBuffers, for what is copied out of the guest
};

// The outcome of an execution that goes on no more.
ExecutionResult result_of(Carried carried, std::string execution_id, Error error);

struct Suspended {
  memory::Delta delta;
  Carried carried;
};

// What a segment leaves whose execution waits.
struct Segment {
  Journal journal;  // to be committed
  std::vector<ExtensionCall> calls;
  Suspended suspended;
};

}  // namespace nexus::sandbox
