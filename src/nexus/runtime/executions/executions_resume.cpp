// Executions between their segments: from the answer to a call to the next suspension or the end.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>

#include "nexus/foundation/base/saturating.h"
#include "nexus/runtime/executions/executions.h"

namespace nexus::executions {
namespace {

// Between two attempts to get room for a resumed execution.
constexpr std::chrono::milliseconds kPause{20};
// After this long without room it may also use the reserve for calls that start: it gives back more when it ends.
constexpr std::int64_t kPatienceMs = 1000;
// Between two executions that are given up: what the first gives back may be enough for the others.
constexpr std::int64_t kBetweenLossesMs = 200;
// Between two reclaims for resumed executions.
constexpr std::int64_t kBetweenReclaimsMs = 100;

bool is_of_pool(const Error& want) { return want.limit && want.limit->layer == "pool"; }

// There is no room now; everything else ends the execution.
bool is_want_of_room(const Error& error) {
  return error.code == ErrorCode::kOverloaded || error.code == ErrorCode::kShuttingDown;
}

}  // namespace

void Executions::on_answer(const ExecutionPtr& execution) noexcept {
  if (execution->status != Execution::Status::kSuspended) return;
  leave_suspended(*execution);
  execution->status = Execution::Status::kRunning;
  asio::co_spawn(executor_, drive(execution, metrics::Present(probes_.in_progress.queued)), must_not_throw);
}

// Runs segments until the execution ends, or waits and no answer is there.
Task<void> Executions::drive(ExecutionPtr execution, metrics::Present state) {
  std::optional<std::int64_t> refused_ms;  // since when there is no room for the next segment
  std::optional<metrics::Present> without_memory;
  while (execution->status == Execution::Status::kRunning) {
    state.move_to(probes_.in_progress.queued);
    const bool is_urgent = refused_ms && clock_.monotonic_ms() - *refused_ms >= kPatienceMs;
    auto begun = co_await run_segment(execution, is_urgent, state);
    if (begun) {
      refused_ms.reset();
      without_memory.reset();
      if (execution->status == Execution::Status::kSuspended && !execution->answers.empty()) {
        leave_suspended(*execution);  // an answer came while the segment ran
        execution->status = Execution::Status::kRunning;
        state.move_to(probes_.in_progress.queued);
        co_await next_turn_of(*execution);  // lets others run in between
      }
    } else if (!is_want_of_room(begun.error())) {
      end_with(execution, std::move(begun.error()));
    } else {
      if (!without_memory && !is_of_pool(begun.error()))
        without_memory.emplace(probes_.in_progress.without_memory);
      if (!refused_ms) refused_ms = clock_.monotonic_ms();
      if (!gives_up(execution, *refused_ms, begun.error())) co_await pause();
    }
  }
}

// An error: nothing of the segment has run.
Task<Result<void>> Executions::run_segment(const ExecutionPtr& execution, bool may_use_start_reserve,
                                           metrics::Present& state) {
  SegmentRun next(execution, state);
  next.may_use_start_reserve = may_use_start_reserve;
  if (auto begun = co_await begin(next); !begun) co_return begun;
  if (next.lease->step() == sandbox::Step::kMore) co_await remaining_slices(next);
  [[maybe_unused]] const auto settled = settle(next, nullptr);  // the execution holds the outcome
  co_return Result<void>();
}

Task<void> Executions::next_turn_of(const Execution& execution) {
  const std::uint64_t due_us = clock_.monotonic_us() + execution.call.tool->limits.max_wall_ms * 1000;
  return run_queue_.next_slice(execution.suspended->carried.running_us, due_us);
}

// Ends an execution that has waited for room as long as a handler may run by the clock, unless another one was ended a moment
// ago.
bool Executions::gives_up(const ExecutionPtr& execution, std::int64_t refused_ms, const Error& want) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  const auto most_ms = static_cast<std::int64_t>(execution->call.tool->limits.max_wall_ms);
  if (now_ms - refused_ms < most_ms || now_ms - given_up_ms_ < kBetweenLossesMs) return false;
  given_up_ms_ = now_ms;
  probes_.admission.record(want);
  ++execution->handler->use.refusals;
  end_with(execution, {.code = is_of_pool(want) ? ErrorCode::kTimeout : ErrorCode::kMemoryLimit,
                       .message = fmt::format("there was no room for it to go on for {} ms (maxWallMs): {}",
                                              most_ms, want.message),
                       .limit = want.limit});
  return true;
}

// Reclaims what is missing, but not again at once: one execution that is refused for long must not cost others their results
// and images.
void Executions::make_room_for(const Execution& execution) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (now_ms - made_room_ms_ < kBetweenReclaimsMs) return;
  made_room_ms_ = now_ms;
  const std::uint64_t wanted = execution.suspended->delta.memory_bytes();
  const std::uint64_t free = ledger_.free_for(budget::Kind::kInstances, budget::Need::kGrowth);
  reclaim(minus(wanted, free));
}

Task<void> Executions::pause() {
  Timer timer(executor_, kPause);
  co_await timer.async_wait(kAwaitTuple);
}

}  // namespace nexus::executions
