// POST /panels/:id/trigger/:tool
#pragma once

#include <expected>

#include "nexus/metrics/probes.h"
#include "nexus/panels/args_schema.h"
#include "nexus/panels/registry.h"
#include "nexus/server/answer.h"
#include "nexus/server/execution_resource.h"
#include "nexus/server/executions.h"
#include "nexus/server/idempotency.h"
#include "nexus/server/refusal.h"
#include "nexus/server/request.h"
#include "nexus/server/route.h"

namespace nexus::server {

class TriggerResource {
 public:
  TriggerResource(const panels::Registry& registry, Executions& executions, ExecutionResource& waiting,
                  metrics::Probes& probes, budget::Ledger& ledger)
      : registry_(registry),
        executions_(executions),
        waiting_(waiting),
        probes_(probes),
        ledger_(ledger),
        schemas_(kMostSchemasBytes, ledger),
        keys_(executions.clock(), ledger) {}

  // The call that a request asks for: kPanelNotFound, kToolNotFound, or kInvalidRequest when its arguments are no
  // JSON object, or not what the tool's schema asks for; kOverloaded when there is no memory to look at them.
  std::expected<ToolCall, Refusal> find_call(const Route& route, const Request& request);
  // The same of a panel that is there, with arguments that are a JSON object: kToolNotFound, kInvalidRequest.
  std::expected<ToolCall, Refusal> find_call(std::shared_ptr<panels::Panel> panel, std::string_view tool,
                                             std::string_view args_json);
  // Runs it and answers with its RESULT, or that it waits; with an Idempotency-Key that is known, answers with what came of the
  // first request.
  Task<void> run(ToolCall call, const Request& request, sandbox::WithLogs with_logs, Answer& answer);

  // About once in 100 ms.
  void tick() { keys_.tick(); }

 private:
  // Some thousand of the usual ones. Who needs more compiles some of them again, which takes a tenth of a millisecond.
  static constexpr std::size_t kMostSchemasBytes = 16 << 20;

  std::expected<ToolCall, Refusal> checked(ToolCall call);
  Task<void> run_once(ToolCall call, std::int64_t since_ms, const Request& request,
                      sandbox::WithLogs with_logs, Answer& answer);
  Task<void> run_first(ToolCall call, const std::string& key, Idempotency::EntryPtr entry);

  const panels::Registry& registry_;
  Executions& executions_;
  ExecutionResource& waiting_;
  metrics::Probes& probes_;
  budget::Ledger& ledger_;
  panels::ArgsSchemas schemas_;
  Idempotency keys_;
};

}  // namespace nexus::server
