#include "nexus/runtime/executions/execution_table.h"

#include <utility>

namespace nexus::executions {
namespace {

constexpr std::int64_t kKeptMs = 5 * 60 * 1000;  // a result, after the end

}  // namespace

ExecutionPtr ExecutionTable::find(std::string_view id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void ExecutionTable::for_each(const std::function<void(const Execution&)>& look) const {
  for (const auto& [id, execution] : by_id_)
    look(*execution);
}

std::vector<ExecutionPtr> ExecutionTable::all_of(const Predicate& is_one) const {
  std::vector<ExecutionPtr> found;
  for (const auto& [id, execution] : by_id_) {
    if (is_one(*execution)) found.push_back(execution);
  }
  return found;
}

void ExecutionTable::keep_result(const ExecutionPtr& execution) {
  Results& results = results_with(*execution);
  results.ended.push_back(execution);
  results.bytes += execution->kept_bytes();
  trim(results, execution->changed_ms);
}

void ExecutionTable::forget_results_of(const panels::Panel& panel) {
  for (Results* results : {&of_callers_, &of_triggers_}) {
    std::erase_if(results->ended, [&](const ExecutionPtr& execution) {
      if (execution->call.panel.get() != &panel) return false;
      forget(*results, *execution);
      return true;
    });
  }
}

void ExecutionTable::tick(std::int64_t now_ms) {
  trim(of_callers_, now_ms);
  trim(of_triggers_, now_ms);
}

std::uint64_t ExecutionTable::reclaim(std::uint64_t bytes) {
  std::uint64_t freed = 0;
  for (Results* results : {&of_triggers_, &of_callers_}) {
    while (freed < bytes && !results->ended.empty())
      freed += forget_oldest(*results);
  }
  return freed;
}

ExecutionTable::Results& ExecutionTable::results_with(const Execution& execution) {
  return execution.call.origin == TriggerType::kManual ? of_callers_ : of_triggers_;
}

// The newest result stays, however large it is.
void ExecutionTable::trim(Results& results, std::int64_t now_ms) {
  const auto is_too_much = [&results] {
    return results.ended.size() > 1 &&
           (results.ended.size() > results.most || results.bytes > results.most_bytes);
  };
  while (!results.ended.empty() && (is_too_much() || now_ms - results.ended.front()->changed_ms >= kKeptMs))
    forget_oldest(results);
}

std::uint64_t ExecutionTable::forget_oldest(Results& results) {
  const ExecutionPtr oldest = std::move(results.ended.front());
  results.ended.pop_front();
  forget(results, *oldest);
  return oldest->kept_bytes();
}

// A caller that waits for the execution holds it still.
void ExecutionTable::forget(Results& results, const Execution& execution) {
  results.bytes -= execution.kept_bytes();
  by_id_.erase(execution.id);
}

}  // namespace nexus::executions
