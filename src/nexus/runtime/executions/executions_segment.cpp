// The segment machine: acquire, enter, slices, settle; the same for the first segment of a call and for a resumed one.
#include <algorithm>

#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/run_record.h"

namespace nexus::executions {

// ---- acquire and enter ----

// Begins a first segment that need not wait for anything: one coroutine frame less for most calls. False: begin() goes on from
// what was acquired.
bool Executions::begin_now(SegmentRun& run) {
  run.turn = run.call.panel->turns().try_take();
  if (!run.turn) return false;
  look_up(run);
  if (!run.handler || run.handler->use.memory.forecast_bytes() > 0) return false;
  if (!take_idle_instance(run)) return false;
  start(run);
  return true;
}

bool Executions::take_idle_instance(SegmentRun& run) {
  if (std::exchange(run.is_pool_asked, true)) return false;
  auto lease = pool_.try_acquire();
  if (!lease) return false;
  run.lease = *std::move(lease);
  return true;
}

// Afterwards the instance can step(), or there is a load_error. An error: nothing of the segment has run.
Task<Result<void>> Executions::begin(SegmentRun& run) {
  run.until_ms = deadline();
  if (!run.turn) {
    if (auto taken = co_await take_turn(run); !taken) co_return taken;
  }
  if (!run.is_resumed()) {
    look_up(run);
    if (auto reserved = co_await reserve_growth(run); !reserved) co_return reserved;
  }
  if (auto taken = co_await take_instance(run); !taken) co_return taken;
  if (run.is_resumed()) co_return co_await restore(run);
  if (!run.handler) {
    if (auto loaded = co_await load_handler(run); !loaded) co_return loaded;
  }
  if (!run.load_error) start(run);
  co_return Result<void>();
}

// The time bound is for clients. A trigger waits in a bounded queue of its own, and a resumed execution must get its turn, so
// their deadlines begin when they have it.
Task<Result<void>> Executions::take_turn(SegmentRun& run) {
  panels::TurnQueue& turns = run.call.panel->turns();
  const bool is_bounded = !run.is_resumed() && run.call.origin == TriggerType::kManual;
  run.turn = turns.try_take();
  if (!run.turn) {
    if (is_bounded && admission_.timeout_ms() == 0)
      co_return std::unexpected(panels::TurnQueue::timed_out(0));
    auto turn = co_await callback<Result<panels::Turn>>(executor_, [&](panels::TurnQueue::Ready ready) {
      if (run.is_resumed()) return turns.wait_with_priority(std::move(ready));
      turns.wait(std::move(ready), is_bounded ? run.until_ms : kNoDeadline);
      if (turns.waiting() == 1) busy_panels_.insert_or_assign(run.call.panel->id(), run.call.panel);
    });
    if (turn) {
      run.turn.emplace(*std::move(turn));
    } else if (!run.is_resumed()) {
      co_return std::unexpected(std::move(turn.error()));
    }
  }
  if (!is_bounded) run.until_ms = deadline();
  co_return may_go_on(run);
}

void Executions::look_up(SegmentRun& run) {
  if (std::exchange(run.is_looked_up, true)) return;
  run.handler = cache_.find(run.call.tool->handler, run.call.tool->known);
  run.cache_hit = run.handler != nullptr;
}

Task<Result<void>> Executions::reserve_growth(SegmentRun& run) {
  const std::uint64_t forecast = run.handler ? run.handler->use.memory.forecast_bytes() : 0;
  if (forecast == 0) co_return Result<void>();
  auto room = co_await admission_.reserve(forecast, budget::Need::kGrowth, run.until_ms);
  if (!room) {
    run.handler->use.memory.decay_after_refusal();
    ++run.handler->use.refusals;
    co_return std::unexpected(std::move(room.error()));
  }
  run.prepaid = *std::move(room);
  co_return may_go_on(run);
}

Task<Result<void>> Executions::take_instance(SegmentRun& run) {
  if (take_idle_instance(run)) co_return Result<void>();
  Result<pool::Lease> lease;
  if (run.is_resumed()) {
    lease = co_await wait_for_instance(run.until_ms);
  } else {
    lease = co_await instance(run.until_ms);
  }
  if (!lease) co_return std::unexpected(std::move(lease.error()));
  run.lease = *std::move(lease);
  co_return may_go_on(run);
}

Task<Result<void>> Executions::load_handler(SegmentRun& run) {
  run.state.move_to(probes_.in_progress.running);
  const panels::Tool& tool = *run.call.tool;
  auto loaded = co_await load_in(*run.lease, tool.handler, tool.limits);
  if (auto may = may_go_on(run); !may) co_return may;
  if (!loaded) {
    run.load_error = std::move(loaded.error());
    run.id = make_id();
    co_return Result<void>();
  }
  run.handler = *std::move(loaded);
  if (run.lease->state() == sandbox::Instance::Status::kIdle) co_return Result<void>();
  run.lease.give_back();
  run.is_pool_asked = false;
  run.state.move_to(probes_.in_progress.queued);
  co_return co_await take_instance(run);
}

sandbox::ExecutionRequest Executions::request_of(const SegmentRun& run) const {
  sandbox::ExecutionRequest request;
  request.image = run.handler->image;
  request.source = run.handler->source;
  request.state = &run.call.panel->state();
  request.capabilities = &run.call.tool->capabilities;
  request.extensions = &suspensions_.table();
  request.limits = run.call.tool->limits;
  request.cache_hit = run.cache_hit;
  return request;
}

void Executions::start(SegmentRun& run) {
  run.state.move_to(probes_.in_progress.running);
  run.id = make_id();
  auto request = request_of(run);
  request.execution_id = run.id;
  request.args_json = run.call.args_json;
  request.scope_json = run.call.definition->scope_json;
  request.prepaid = std::move(run.prepaid);
  run.lease->start(std::move(request));
}

// Copies the memory of a suspended execution into the instance, a millisecond in each turn of the loop, and resumes it.
// kOverloaded: there are no bytes for it now.
Task<Result<void>> Executions::restore(SegmentRun& run) {
  Execution& execution = *run.execution;
  auto request = request_of(run);
  request.execution_id = execution.id;
  if (run.may_use_start_reserve) {
    // Growth that is certain, also from the part of the budget that is left free for calls that start.
    const std::uint64_t bytes = execution.suspended->delta.memory_bytes();
    const std::uint64_t image_bytes = execution.handler->image->size_bytes();
    auto room =
        ledger_.grant(budget::Kind::kInstances, bytes - std::min(bytes, image_bytes), budget::Need::kStart);
    if (room) request.prepaid = *std::move(room);
  }
  sandbox::Instance& instance = *run.lease;
  auto restored = instance.restore(*execution.suspended, std::move(request));
  if (restored && *restored == sandbox::Step::kMore) {
    const RunningHandlers::Entry entry(running_, run.call.panel->id(), run.call.tool->name, instance);
    while (restored && *restored == sandbox::Step::kMore) {
      co_await next_turn_of(execution);
      if (auto may = may_go_on(run); !may) {
        instance.reset();
        co_return may;
      }
      restored = instance.restore_more(*execution.suspended);
    }
  }
  if (!restored) {
    if (restored.error().code == ErrorCode::kOverloaded) make_room_for(execution);
    co_return std::unexpected(std::move(restored.error()));
  }
  run.state.move_to(probes_.in_progress.running);
  run.earlier_us = execution.suspended->carried.running_us;
  const ArrivedAnswer& answer = execution.answers.front();
  instance.resume(*execution.suspended, {answer.number, answer.settlement.kind, answer.settlement.json});
  execution.suspended.reset();
  co_return Result<void>();
}

// ---- slices ----

Task<void> Executions::remaining_slices(SegmentRun& run) {
  const RunningHandlers::Entry entry(running_, run.call.panel->id(), run.call.tool->name, *run.lease);
  const std::uint64_t began_us = clock_.monotonic_us();
  co_await slices_of(*run.lease, &run);
  run.sliced_us = clock_.monotonic_us() - began_us;
}

// Returns when the instance is finished. `run`: null while a handler is loaded.
Task<void> Executions::slices_of(sandbox::Instance& instance, const SegmentRun* run) {
  for (;;) {
    co_await run_queue_.next_slice(instance.running_us(), instance.due_us());
    const auto reason = run != nullptr ? end_reason(*run)
                        : is_aborted_  ? std::optional(EndReason::kServerShutdown)
                                       : std::nullopt;
    if (reason) {
      Error error = cancelled(*reason);
      instance.cancel(error.code, std::move(error.message));
      co_return;
    }
    if (instance.step() == sandbox::Step::kDone) co_return;
  }
}

// ---- settle ----

Result<Outcome> Executions::settle(SegmentRun& run, const BeforeCommit& before_commit) {
  if (run.is_resumed()) run.execution->answers.erase(run.execution->answers.begin());
  if (!run.load_error && run.lease->waits()) {
    sandbox::Segment segment = run.lease->suspend();
    run.lease.give_back();
    const std::uint64_t ran_us = segment.suspended.carried.running_us - run.earlier_us;
    admission_.record_us(std::max(run.sliced_us, ran_us));
    if (!run.execution)
      run.execution =
          make_execution(std::move(run.call), std::move(run.id), std::move(run.handler), run.cache_hit);
    suspend(run.execution, std::move(segment));
    return Outcome{{}, run.execution};
  }
  ExecutionResult result = finish(run);
  run.lease.give_back();
  const bool has_not_run = result.error && result.error->code == ErrorCode::kOverloaded;
  if (!run.execution && has_not_run) return refused(*std::move(result.error), run.call.panel.get());
  if (!run.execution && run.call.keeps_result)
    run.execution =
        make_execution(std::move(run.call), result.execution_id, std::move(run.handler), run.cache_hit);
  if (run.execution) {
    end(run.execution, std::move(result));
    return Outcome{{}, run.execution};
  }
  end_at_once(run.call, result, before_commit);
  return Outcome{std::move(result), nullptr};
}

ExecutionResult Executions::finish(SegmentRun& run) {
  if (run.load_error) {
    ExecutionResult result;
    result.execution_id = std::move(run.id);
    result.error = std::move(run.load_error);
    return result;
  }
  ExecutionResult result = run.lease->finish();
  admission_.record_us(std::max(run.sliced_us, result.metrics.execution_time_us - run.earlier_us));
  if (run.lease->state() == sandbox::Instance::Status::kTerminated) run.lease.retire(why_retired(result));
  record(run.handler->use, run.call, result);
  return result;
}

// ---- what ends a segment from outside ----

std::optional<EndReason> Executions::end_reason(const SegmentRun& run) const {
  if (run.call.panel->is_removed()) return EndReason::kPanelDeleted;
  if (is_aborted_) return EndReason::kServerShutdown;
  if (run.is_resumed() && run.execution->is_cancelled) return EndReason::kCancelled;
  return std::nullopt;
}

// To be asked after each wait.
Result<void> Executions::may_go_on(const SegmentRun& run) const {
  const auto reason = end_reason(run);
  if (!reason) return {};
  return std::unexpected(run.is_resumed() ? cancelled(*reason) : not_started(*reason));
}

// Of a call that begins to wait now.
std::int64_t Executions::deadline() const {
  return clock_.monotonic_ms() + static_cast<std::int64_t>(admission_.timeout_ms());
}

}  // namespace nexus::executions
