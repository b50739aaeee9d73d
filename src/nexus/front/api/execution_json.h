// Executions that wait or have waited, as clients see them.
#pragma once

#include <string>

#include "nexus/foundation/model/result.h"
#include "nexus/front/http/answer.h"
#include "nexus/runtime/executions/execution.h"

namespace nexus::server {

// 200 with its RESULT when it has ended; else 202 with what it waits for, and where to ask.
void answer_with(const Execution& execution, sandbox::WithLogs with_logs, Answer& answer);
void answer_with(const sandbox::ExecutionResult& result, sandbox::WithLogs with_logs, Answer& answer);

// {status, executionId, suspension?, suspensions: [{suspensionId, extensionName, method, data?, expiresAt}]}
void append_waiting(std::string& out, const Execution& execution);

// A row of GET /executions: {executionId, panel, tool, trigger, status, changedAt}
void append_row(std::string& out, const Execution& execution);
// A row of GET /suspensions: as above, with {executionId, panel, tool, createdAt}.
void append_row(std::string& out, const Execution& execution, const PendingCall& call);

}  // namespace nexus::server
