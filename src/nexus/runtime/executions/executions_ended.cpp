// Executions that end, each in its way, and results that are kept for who asks later.
#include <new>

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/run_record.h"

namespace nexus::executions {
namespace {

constexpr std::int64_t kKeptMs = 5 * 60 * 1000;  // a result, after the end

Error no_memory() { return {.code = ErrorCode::kMemoryLimit, .message = "no memory left"}; }  // needs none

// First all of them, because ending one may change the table.
std::vector<ExecutionPtr> those_of(const auto& kept, const auto& is_one) {
  std::vector<ExecutionPtr> those;
  for (const auto& [id, execution] : kept) {
    if (is_one(*execution)) those.push_back(execution);
  }
  return those;
}

}  // namespace

void Executions::end(const ExecutionPtr& execution, ExecutionResult result) {
  leave_waiting(*execution);
  suspensions_.cancel(*execution);
  execution->suspended.reset();
  execution->status = Execution::Status::kEnded;
  execution->changed_at(clock_);
  try {
    Journal all = result.earlier;
    append(all, result.journal);  // for RESULT: the panel takes the values
    conclude(execution->call, result, nullptr);
    result.earlier = std::move(all);
  } catch (const std::bad_alloc&) {
    lose(result);
  }
  result.journal = {};
  result.held.shrink_to(2 * text_bytes(result));  // itself, and the answer to who asks for it
  execution->result.emplace(std::move(result));
  if (execution->call.origin != TriggerType::kManual) tell_of_failure(*execution);
  execution->handler.reset();
  Kept& kept = kept_with(*execution);
  try {
    kept.ended.push_back(execution);
    kept.bytes += execution->kept_bytes();
    forget_old_results(kept, execution->changed_ms);
  } catch (const std::bad_alloc&) {
    kept_.erase(execution->id);  // who waits for it has it still
  }
  execution->changed();
}

// What could not be committed has not happened.
void Executions::lose(ExecutionResult& result) {
  result.journal = {};
  result.return_json = {};
  if (!result.error) result.error = no_memory();
  probes_.ended(result);
}

void Executions::tell_of_failure(const Execution& execution) {
  const auto& error = execution.result->error;
  if (error && failures_.allows(execution.changed_unix_ms))
    if_memory_lasts([&] { write_failure(execution.call, execution.id, *error); });
}

// Of one that waits, or was about to go on.
void Executions::end_with(const ExecutionPtr& execution, Error error) {
  sandbox::Carried carried;
  const std::uint64_t held_bytes = execution->suspended ? execution->suspended->delta.memory_bytes() : 0;
  if (execution->suspended) carried = std::move(execution->suspended->carried);
  auto result = result_of(std::move(carried), execution->id, std::move(error));
  result.metrics.memory_used_bytes = result.metrics.memory_peak_bytes = held_bytes;
  result.metrics.cache_hit = execution->cache_hit;
  end(execution, std::move(result));
}

// What there is not even memory to end is left to tick().
void Executions::end_without_memory(const ExecutionPtr& execution) {
  if (execution->has_ended()) return;
  if (!if_memory_lasts([&] { end_with(execution, no_memory()); })) execution->is_lost = has_lost_ = true;
}

void Executions::end_the_lost() {
  const auto lost = those_of(kept_, [](const Execution& execution) { return execution.is_lost; });
  has_lost_ = false;
  for (const ExecutionPtr& execution : lost)
    end_without_memory(execution);
}

void Executions::cancel(const ExecutionPtr& execution, std::string_view why) {
  switch (execution->status) {
    case Execution::Status::kSuspended:
      return end_with(execution, cancelled(why));
    case Execution::Status::kRunning:
      execution->is_cancelled = true;
      return;
    case Execution::Status::kEnded:
      return;
  }
}

void Executions::cancel_if(const std::function<bool(const Execution&)>& is_one, std::string_view why) {
  for (const ExecutionPtr& execution : those_of(kept_, is_one))
    cancel(execution, why);
}

void Executions::cancel_all_of(const panels::Panel& panel) {
  const auto is_its = [&panel](const Execution& execution) { return execution.call.panel.get() == &panel; };
  // What has ended before is not asked for any more.
  for (Kept* kept : {&called_, &triggered_}) {
    std::erase_if(kept->ended, [&](const ExecutionPtr& execution) {
      if (!is_its(*execution)) return false;
      forget(*kept, *execution);
      return true;
    });
  }
  cancel_if(is_its, "the panel has been deleted");
}

void Executions::drain() {
  is_draining_ = true;
  cancel_if([](const Execution&) { return true; }, kShutsDown);
}

// ---- kept results ----

Executions::Kept& Executions::kept_with(const Execution& execution) {
  return execution.call.origin == TriggerType::kManual ? called_ : triggered_;
}

// The newest stays, however large.
void Executions::forget_old_results(Kept& kept, std::int64_t now_ms) {
  const auto is_too_much = [&kept] {
    return kept.ended.size() > 1 && (kept.ended.size() > kept.most || kept.bytes > kept.most_bytes);
  };
  while (!kept.ended.empty() && (is_too_much() || now_ms - kept.ended.front()->changed_ms >= kKeptMs))
    forget_oldest(kept);
}

// Gives the bytes that it had.
std::uint64_t Executions::forget_oldest(Kept& kept) {
  const ExecutionPtr oldest = std::move(kept.ended.front());
  kept.ended.pop_front();
  forget(kept, *oldest);
  return oldest->kept_bytes();
}

// Who waits for it has it still.
void Executions::forget(Kept& kept, const Execution& execution) {
  kept.bytes -= execution.kept_bytes();
  kept_.erase(execution.id);
}

}  // namespace nexus::executions
