// Executions that wait or have waited, as clients see them.
#pragma once

#include <string>

#include "nexus/foundation/model/result.h"
#include "nexus/front/http/response.h"
#include "nexus/runtime/executions/execution.h"

namespace nexus::api {

// 200 with its RESULT when it has ended; else 202 with what it waits for, and where to ask.
void respond_with(const executions::Execution& execution, WithLogs with_logs, http::Response& response);
void respond_with(const ExecutionResult& result, WithLogs with_logs, http::Response& response);

// {status, executionId, suspension?, suspensions: [{suspensionId, extensionName, method, data?, expiresAt}]}
void append_waiting(std::string& out, const executions::Execution& execution);

// A row of GET /executions: {executionId, panel, tool, trigger, status, changedAt}
void append_row(std::string& out, const executions::Execution& execution);
// A row of GET /suspensions: as above, with {executionId, panel, tool, createdAt}.
void append_row(std::string& out, const executions::Execution& execution,
                const executions::PendingCall& call);

}  // namespace nexus::api
