// How a segment is settled: it commits, and its execution suspends or ends.
#include <span>

#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/run_record.h"

namespace nexus::executions {
namespace {

// Charged for an execution beside its delta: the object, its call, its places in tables. Measured with 100,000.
constexpr std::uint64_t kExecutionBytes = 1600;

// A kept result holds no more of a deleted panel than its names.
void release_definition(ToolCall& call) {
  auto names = std::make_shared<panels::Definition>();
  names->tools.push_back({.name = call.tool->name});
  call.tool = &names->tools.front();
  call.definition = std::move(names);
}

}  // namespace

ExecutionPtr Executions::make_execution(ToolCall call, std::string id,
                                        std::shared_ptr<const handlers::Handler> handler,
                                        bool cache_hit) const {
  auto execution = std::make_shared<Execution>();
  execution->id = std::move(id);
  execution->call = std::move(call);
  execution->call.args_json = {};
  execution->call.own_args.reset();
  execution->handler = std::move(handler);
  execution->cache_hit = cache_hit;
  execution->held = ledger_.open(budget::Kind::kSuspended);
  const Trace* trace = execution->call.trace.get();
  execution->held.set_to(kExecutionBytes + (trace != nullptr ? sizeof *trace + trace->bytes() : 0));
  return execution;
}

// Notifies subscribers and triggers first: Panel::commit() moves the values out of the journal.
void Executions::commit(const ToolCall& call, Journal& journal) noexcept {
  panels::Panel& panel = *call.panel;
  if (panel.is_removed()) return;
  subscribers_.committed(panel, journal);
  if (watch_) watch_(call, journal);
  panel.commit(journal, clock_.unix_ms());
}

// ---- suspended ----

void Executions::suspend(const ExecutionPtr& execution, sandbox::Segment segment) {
  execution->changed_at(clock_);
  hibernation_.add(execution);
  if (execution->changes == 0) table_.add(execution);

  commit(execution->call, segment.journal);
  execution->suspended.emplace(std::move(segment.suspended));
  execution->status = Execution::Status::kSuspended;
  execution->is_hibernated = false;
  ++probes_.in_progress.suspended;
  execution->handler->use.suspensions += segment.calls.size();
  begin_calls(execution, std::move(segment.calls));
}

void Executions::begin_calls(const ExecutionPtr& execution,
                             std::vector<sandbox::ExtensionCall> calls) noexcept {
  const std::size_t earlier = execution->pending.size();
  const panels::Panel& panel = *execution->call.panel;
  suspensions_.begin(execution, std::move(calls));
  if (panel.is_removed()) return cancel(execution, EndReason::kPanelDeleted);
  if (is_draining_) return cancel(execution, EndReason::kServerShutdown);
  if (!execution->call.progress_to_caller) {
    for (const PendingCall& call : std::span(execution->pending).subspan(earlier)) {
      const std::string id = suspension_id(call);
      subscribers_.progressed(panel, {execution->id, id, "suspended", call.data_json});
    }
  }
  execution->changed();
}

void Executions::leave_suspended(const Execution& execution) noexcept {
  if (execution.status != Execution::Status::kSuspended) return;
  --(execution.is_hibernated ? probes_.in_progress.hibernated : probes_.in_progress.suspended);
}

// ---- ended ----

// Ends a call that nobody can ask for later.
void Executions::end_at_once(const ToolCall& call, ExecutionResult& result,
                             const BeforeCommit& before_commit) {
  write_log(call, result);
  if (before_commit) before_commit(result);

  commit(call, result.journal);
  probes_.ended(result);
}

void Executions::end(const ExecutionPtr& execution, ExecutionResult result) {
  append(result.earlier, result.journal);  // RESULT repeats all changes
  write_log(execution->call, result);
  if (execution->changes == 0) table_.add(execution);

  leave_suspended(*execution);
  suspensions_.cancel(*execution);
  execution->suspended.reset();
  execution->status = Execution::Status::kEnded;
  execution->changed_at(clock_);
  commit(execution->call, result.journal);
  probes_.ended(result);
  result.journal = {};
  result.held.shrink_to(2 * text_bytes(result));  // the result, and a response that repeats it
  execution->result.emplace(std::move(result));
  if (execution->call.origin != TriggerType::kManual) log_failure(*execution);
  execution->handler.reset();
  if (execution->call.panel->is_removed()) release_definition(execution->call);
  table_.keep_result(execution);
  execution->changed();
}

// The caller of a trigger is nobody: its failure goes to the log.
void Executions::log_failure(const Execution& execution) {
  const auto& error = execution.result->error;
  if (error && failures_.allows(execution.changed_unix_ms))
    write_failure(execution.call, execution.id, *error);
}

// Ends an execution of which no segment runs.
void Executions::end_with(const ExecutionPtr& execution, Error error) {
  sandbox::Carried carried;
  const std::uint64_t held_bytes = execution->suspended ? execution->suspended->delta.memory_bytes() : 0;
  if (execution->suspended) carried = std::move(execution->suspended->carried);
  auto result = result_of(std::move(carried), execution->id, std::move(error));
  result.metrics.memory_used_bytes = result.metrics.memory_peak_bytes = held_bytes;
  result.metrics.cache_hit = execution->cache_hit;
  end(execution, std::move(result));
}

void Executions::cancel(const ExecutionPtr& execution, EndReason reason) {
  switch (execution->status) {
    case Execution::Status::kSuspended:
      return end_with(execution, cancelled(reason));
    case Execution::Status::kRunning:
      execution->is_cancelled = true;
      return;
    case Execution::Status::kEnded:
      return;
  }
}

// Collects them first: an end may change the table.
void Executions::cancel_if(const ExecutionTable::Predicate& is_one, EndReason reason) {
  for (const ExecutionPtr& execution : table_.all_of(is_one))
    cancel(execution, reason);
}

void Executions::cancel_all_of(const panels::Panel& panel) {
  table_.forget_results_of(panel);
  cancel_if([&panel](const Execution& execution) { return execution.call.panel.get() == &panel; },
            EndReason::kPanelDeleted);
}

void Executions::drain() {
  is_draining_ = true;
  cancel_if([](const Execution&) { return true; }, EndReason::kServerShutdown);
}

}  // namespace nexus::executions
