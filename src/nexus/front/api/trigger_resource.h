// POST /panels/:id/trigger/:tool
#pragma once

#include <optional>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/front/api/execution_resource.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/idempotency.h"
#include "nexus/runtime/executions/tool_calls.h"

namespace nexus::api {

class TriggerResource {
 public:
  TriggerResource(executions::ToolCalls& calls, executions::Executions& executions,
                  executions::Idempotency& keys, ExecutionResource& waiting, metrics::Probes& probes)
      : calls_(calls), executions_(executions), keys_(keys), waiting_(waiting), probes_(probes) {}

  // Runs the tool. Responds with its RESULT, or 202 when it is suspended; with a known Idempotency-Key, with the
  // outcome of the first request. Returns no coroutine when the request was rejected already.
  std::optional<Task<void>> trigger(const http::Request& request, http::Response& response);

 private:
  Task<void> run(executions::ToolCall call, const http::Request& request, WithLogs with_logs,
                 http::Response& response);
  Task<void> run_once(executions::ToolCall call, std::int64_t since_ms, const http::Request& request,
                      WithLogs with_logs, http::Response& response);
  Task<void> run_first(executions::ToolCall call, const std::string& key,
                       executions::Idempotency::EntryPtr entry);

  executions::ToolCalls& calls_;
  executions::Executions& executions_;
  executions::Idempotency& keys_;
  ExecutionResource& waiting_;
  metrics::Probes& probes_;
};

}  // namespace nexus::api
