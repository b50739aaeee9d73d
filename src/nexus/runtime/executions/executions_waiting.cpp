// Executions between their segments: what suspends them and wakes them.
#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <limits>
#include <new>
#include <span>

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/foundation/base/saturating.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/run_record.h"

namespace nexus::executions {
namespace {

constexpr std::int64_t kPackAfterMs = 100;  // who is answered sooner need not be unpacked
constexpr std::uint64_t kPackingUs = 5000;  // in one turn of the loop: 3 us for each that is small
// What is charged for an execution beside its delta: it, its call, its places in the tables. Measured with 100,000.
constexpr std::uint64_t kExecutionBytes = 1600;
// Between two attempts to get memory for one that goes on.
constexpr std::chrono::milliseconds kPause{20};
// After so long in vain it may have what is left free for those who start: it gives back more when it has ended.
constexpr std::int64_t kPatienceMs = 1000;
// Between two that are given up: what the first gives back may be enough for the others.
constexpr std::int64_t kBetweenLossesMs = 200;
// Between two times that room is made for those who go on.
constexpr std::int64_t kBetweenReclaimsMs = 100;

bool is_of_pool(const Error& want) { return want.limit && want.limit->layer == "pool"; }

}  // namespace

// ---- suspending ----

ExecutionPtr Executions::keep(ToolCall call, std::string id, std::shared_ptr<const handlers::Handler> handler,
                              bool cache_hit) {
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
  kept_.emplace(execution->id, execution);
  return execution;
}

void Executions::suspend(const ExecutionPtr& execution, sandbox::Segment segment) {
  panels::Panel& panel = *execution->call.panel;
  auto room = panel.reserve(segment.journal);
  execution->changed_at(clock_);
  unpacked_.push_back({execution->changed_ms, execution});
  publish(execution->call, segment.journal, std::move(room));
  execution->suspended.emplace(std::move(segment.suspended));
  execution->status = Execution::Status::kSuspended;
  execution->is_packed = false;
  ++probes_.in_progress.suspended;
  execution->handler->use.suspensions += segment.calls.size();
  const std::size_t told = execution->pending.size();
  try {
    suspensions_.begin(execution, std::move(segment.calls));
    if (panel.is_removed()) return cancel(execution, "the panel has been deleted");
    if (is_draining_) return cancel(execution, kShutsDown);
    if (!execution->call.tells_its_caller) tell_of_waits(*execution, told);
  } catch (const std::bad_alloc&) {
    return end_without_memory(execution);  // the segment has been committed
  }
  execution->changed();
}

// Of those behind the first `told`, of which earlier segments have told.
void Executions::tell_of_waits(const Execution& execution, std::size_t told) {
  for (const PendingCall& call : std::span(execution.pending).subspan(told)) {
    const std::string id = suspension_id(call);
    subscribers_.progressed(*execution.call.panel, {execution.id, id, "suspended", call.data_json});
  }
}

std::uint64_t Executions::pack(std::int64_t since_ms, std::uint64_t wanted_bytes) {
  const std::uint64_t began_us = clock_.monotonic_us();
  std::uint64_t freed = 0, spent_us = 0;
  while (spent_us < kPackingUs && freed < wanted_bytes && !unpacked_.empty() &&
         unpacked_.front().since_ms <= since_ms) {
    const Suspended& first = unpacked_.front();
    const auto execution = first.execution.lock();
    if (execution != nullptr && execution->status == Execution::Status::kSuspended &&
        execution->changed_ms == first.since_ms && !execution->is_packed) {
      memory::Delta& delta = execution->suspended->delta;
      const std::size_t before = delta.bytes();
      delta.compress_some();
      freed += before - delta.bytes();
      spent_us = clock_.monotonic_us() - began_us;
      if (!delta.is_compressed()) continue;
      execution->is_packed = true;
      --probes_.in_progress.suspended;
      ++probes_.in_progress.hibernated;
    }
    unpacked_.pop_front();
  }
  return freed;
}

void Executions::leave_waiting(Execution& execution) {
  if (execution.status != Execution::Status::kSuspended) return;
  --(execution.is_packed ? probes_.in_progress.hibernated : probes_.in_progress.suspended);
}

// ---- going on ----

void Executions::on_answer(const ExecutionPtr& execution) {
  if (execution->status != Execution::Status::kSuspended || execution->is_lost) return;
  leave_waiting(*execution);
  execution->status = Execution::Status::kRunning;
  const auto end_if = [this, execution](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
      end_without_memory(execution);
    }
  };
  try {
    asio::co_spawn(executor_, go_on(execution, metrics::Present(probes_.in_progress.queued)), end_if);
  } catch (const std::bad_alloc&) {
    end_without_memory(execution);
  }
}

Task<void> Executions::go_on(ExecutionPtr execution, metrics::Present state) {
  std::optional<std::int64_t> refused_ms;  // first, for the segment that is next
  std::optional<metrics::Present> without_memory;
  while (execution->status == Execution::Status::kRunning) {
    state.move_to(probes_.in_progress.queued);
    const auto has_run = co_await run_next_segment(execution, refused_ms, state);
    if (!has_run) {
      if (!without_memory && !is_of_pool(has_run.error()))
        without_memory.emplace(probes_.in_progress.without_memory);
      if (!refused_ms) refused_ms = clock_.monotonic_ms();
      if (!gives_up(execution, *refused_ms, has_run.error())) co_await pause();
      continue;
    }
    refused_ms.reset();
    without_memory.reset();
    if (execution->status == Execution::Status::kSuspended && !execution->arrived.empty() &&
        !execution->is_lost) {
      leave_waiting(*execution);  // what came while it ran
      execution->status = Execution::Status::kRunning;
      state.move_to(probes_.in_progress.queued);
      co_await next_turn_of(*execution);  // others in between
    }
  }
}

Task<void> Executions::next_turn_of(const Execution& execution) {
  const std::uint64_t due_us = clock_.monotonic_us() + execution.call.tool->limits.max_wall_ms * 1000;
  return run_queue_.next_slice(execution.suspended->carried.running_us, due_us);
}

// Ends it when it has waited as long as a handler may run by the clock, and no other was ended a moment ago.
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

// What is missing, and not again at once: others must not lose their results and images to one who is refused for long.
void Executions::make_room_for(const Execution& execution) {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (now_ms - made_room_ms_ < kBetweenReclaimsMs) return;
  made_room_ms_ = now_ms;
  const std::uint64_t wanted = execution.suspended->delta.memory_bytes();
  const std::uint64_t free = ledger_.free_for(budget::Kind::kInstances, budget::Need::kGrowth);
  reclaim(minus(wanted, free));
}

// Growth that it is sure to need, also from what is left free for those who start.
Result<budget::Grant> Executions::last_room_for(const Execution& execution) {
  const std::size_t bytes = execution.suspended->delta.memory_bytes();
  const std::size_t image_bytes = execution.handler->image->size_bytes();
  return ledger_.grant(budget::Kind::kInstances, minus(bytes, image_bytes), budget::Need::kStart);
}

Task<std::optional<panels::Turn>> Executions::turn_ahead(panels::Panel& panel) {
  if (auto turn = panel.turns().try_take()) co_return turn;
  auto turn = co_await callback<Result<panels::Turn>>(
      executor_, [&panel](panels::TurnQueue::Ready ready) { panel.turns().wait_ahead(std::move(ready)); });
  if (!turn) co_return std::nullopt;
  co_return std::optional(*std::move(turn));
}

// Runs it to its next wait or its end, or ends it. An error: there is no room for it now.
Task<Result<void>> Executions::run_next_segment(ExecutionPtr execution,
                                                std::optional<std::int64_t> refused_ms,
                                                metrics::Present& state) {
  panels::Panel& panel = *execution->call.panel;
  const auto turn = co_await turn_ahead(panel);
  const auto ends_as_cancelled = [&] {
    const bool is_removed = panel.is_removed();
    if (turn && !execution->is_cancelled && !is_removed && !is_aborted_) return false;
    end_with(execution, cancelled(is_removed    ? "the panel has been deleted"
                                  : is_aborted_ ? "the server has shut down"
                                                : "the execution was cancelled"));
    return true;
  };
  if (ends_as_cancelled()) co_return Result<void>();
  auto lease = pool_.try_acquire();
  if (!lease) lease = co_await wait_for_instance();
  if (ends_as_cancelled()) co_return Result<void>();
  if (!lease) co_return std::unexpected(std::move(lease.error()));

  auto request = request_of(execution->call, *execution->handler, execution->cache_hit);
  request.execution_id = execution->id;
  if (refused_ms && clock_.monotonic_ms() - *refused_ms >= kPatienceMs) {
    if (auto room = last_room_for(*execution)) request.prepaid = *std::move(room);
  }
  sandbox::Instance& instance = **lease;
  auto put_in = instance.restore(*execution->suspended, std::move(request));
  if (put_in && *put_in == sandbox::Step::kMore) {
    const RunningHandlers::Entry entry(running_, panel.id(), execution->call.tool->name, instance);
    while (put_in && *put_in == sandbox::Step::kMore) {
      co_await next_turn_of(*execution);
      if (ends_as_cancelled()) {
        instance.reset();
        co_return Result<void>();
      }
      put_in = instance.restore_more(*execution->suspended);
    }
  }
  if (!put_in) {
    if (put_in.error().code == ErrorCode::kOverloaded) {
      if_memory_lasts([&] { make_room_for(*execution); });
      co_return std::unexpected(std::move(put_in.error()));
    }
    end_with(execution, std::move(put_in.error()));
    co_return Result<void>();
  }
  state.move_to(probes_.in_progress.running);
  const Arrived& answer = execution->arrived.front();
  instance.resume(*execution->suspended, {answer.number, answer.settlement.kind, answer.settlement.json});
  execution->suspended.reset();
  if (instance.step() == sandbox::Step::kMore) {
    const RunningHandlers::Entry entry(running_, panel.id(), execution->call.tool->name, instance);
    co_await remaining_slices(instance, &panel, &execution->is_cancelled);
  }
  execution->arrived.erase(execution->arrived.begin());
  if (instance.waits()) {
    sandbox::Segment segment = instance.suspend();
    lease->give_back();
    suspend(execution, std::move(segment));
    co_return Result<void>();
  }
  ExecutionResult result = instance.finish();
  if (instance.state() == sandbox::Instance::Status::kTerminated) lease->retire(why_retired(result));
  record(execution->handler->use, execution->call, result);
  lease->give_back();
  end(execution, std::move(result));
  co_return Result<void>();
}

Task<void> Executions::pause() {
  Timer timer(executor_, kPause);
  co_await timer.async_wait(kAwaitTuple);
}

// ---- asking ----

ExecutionPtr Executions::find(std::string_view id) const {
  const auto found = kept_.find(id);
  return found == kept_.end() ? nullptr : found->second;
}

void Executions::for_each(const std::function<void(const Execution&)>& look) const {
  for (const auto& [id, execution] : kept_)
    look(*execution);
}

ExecutionPtr Executions::resume(std::string_view suspension_id, extensions::Settlement settlement) {
  const auto found = suspensions_.get_suspended(suspension_id);
  if (!found) return nullptr;
  suspensions_.answer(found->id, suspensions_.take(std::move(settlement)));
  return found->execution;
}

Task<void> Executions::wait(ExecutionPtr execution, std::chrono::milliseconds most, Until until) {
  const std::uint32_t changes = execution->changes;
  const auto is_over = [&] {
    switch (until) {
      case Until::kAtRest:
        return execution->status != Execution::Status::kRunning;
      case Until::kNext:
        return execution->changes != changes;
      case Until::kEnd:
        break;
    }
    return execution->has_ended();
  };
  Timer timer(executor_, most);
  const Hook hook(*execution, [&timer] { timer.cancel(); });
  const auto end = timer.expiry();
  while (!is_over() && std::chrono::steady_clock::now() < end)
    co_await timer.async_wait(kAwaitTuple);
}

Task<void> Executions::wait_for_end(ExecutionPtr execution, std::chrono::milliseconds most) {
  return wait(std::move(execution), most, Until::kEnd);
}

Task<void> Executions::wait_for_next(ExecutionPtr execution, std::chrono::milliseconds most) {
  return wait(std::move(execution), most, Until::kNext);
}

Task<void> Executions::wait_for_rest(ExecutionPtr execution, std::chrono::milliseconds most) {
  return wait(std::move(execution), most, Until::kAtRest);
}

// ---- time ----

void Executions::tick() {
  admission_.tick();
  if (has_lost_) end_the_lost();
  suspensions_.expire();
  const std::int64_t now_ms = clock_.monotonic_ms();
  pack(now_ms - kPackAfterMs, std::numeric_limits<std::uint64_t>::max());
  forget_old_results(called_, now_ms);
  forget_old_results(triggered_, now_ms);
}

// First what somebody may still ask for, then what runs again sooner for not being packed.
void Executions::reclaim(std::uint64_t bytes) {
  std::uint64_t freed = 0;
  for (Kept* kept : {&triggered_, &called_}) {
    while (freed < bytes && !kept->ended.empty())
      freed += forget_oldest(*kept);
  }
  if (freed < bytes) pack(std::numeric_limits<std::int64_t>::max(), bytes - freed);
  admission_.reclaim(bytes);
}

}  // namespace nexus::executions
