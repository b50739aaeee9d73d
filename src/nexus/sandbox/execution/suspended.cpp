#include "nexus/sandbox/execution/suspended.h"

#include <utility>

namespace nexus::sandbox {

ExecutionResult result_of(Carried carried, std::string execution_id, Error error) {
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

}  // namespace nexus::sandbox
