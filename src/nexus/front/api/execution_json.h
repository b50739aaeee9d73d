// The JSON of suspended and ended executions.
#pragma once

#include <string>

#include "nexus/foundation/model/result.h"
#include "nexus/front/http/response.h"
#include "nexus/runtime/executions/execution.h"

namespace nexus::api {

// 200 with the RESULT when the execution has ended; otherwise 202 with its suspensions and the path to ask again.
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
