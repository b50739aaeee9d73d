// What is remembered of an execution that has run.
#pragma once

#include "nexus/foundation/model/result.h"
#include "nexus/runtime/executions/execution.h"
#include "nexus/sandbox/handlers/handler.h"
#include "nexus/sandbox/pool/policy.h"

namespace nexus::executions {

// What it needed of memory, time and calls, with its handler.
void record(handlers::HandlerUse& use, const ToolCall& call, const ExecutionResult& result);

// Why the instance that it ran in is of no further use.
pool::Retired why_retired(const ExecutionResult& result);

// The handler's lines, in the server's log.
void write_log(const ToolCall& call, const ExecutionResult& result);

// That it failed, for one that a trigger has started.
void write_failure(const ToolCall& call, std::string_view id, const Error& error);

}  // namespace nexus::executions
