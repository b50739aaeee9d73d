#include "nexus/runtime/executions/executions.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "nexus/foundation/base/hex.h"
#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/runtime/executions/run_record.h"

namespace nexus::executions {
namespace {

using HandlerPtr = std::shared_ptr<const handlers::Handler>;

// What a new instance takes while it is made: its linear memory as the interpreter starts with it, and the rest.
constexpr std::uint64_t kNewInstanceBytes = 2 << 20;
// For an instance whose bytes others have been quicker to take.
constexpr int kMostTries = 8;

std::unexpected<Error> removed() { return fail(ErrorCode::kPanelNotFound, "the panel has been deleted"); }

// The container's or the budget's refusal, by the ledger.
bool is_want_of_bytes(const Error& error) {
  return error.code == ErrorCode::kOverloaded && error.limit && error.limit->free.has_value();
}

std::size_t loop_byte(std::string_view id) {
  return id.size() < 2 ? 0 : hex_number(id.substr(id.size() - 2)).value_or(0);
}

}  // namespace

std::size_t loop_of_execution(std::string_view id, std::size_t loops) { return loop_byte(id) % loops; }

Executions::Executions(Executor executor, const Clock& clock, budget::Ledger& ledger,
                       handlers::HandlerCache& cache, pool::InstancePool& pool, metrics::Probes& probes,
                       sandbox::Runtime& runtime, subscribers::Subscribers& subscribers,
                       Admission::Options admission, Suspensions::Options suspensions)
    : executor_(executor),
      clock_(clock),
      cache_(cache),
      pool_(pool),
      probes_(probes),
      runtime_(runtime),
      ledger_(ledger),
      subscribers_(subscribers),
      run_queue_(executor, clock),
      admission_(executor, clock, ledger, pool, cache, probes, admission),
      suspensions_(executor, clock, ledger, probes, suspensions,
                   [this](const ExecutionPtr& execution) { on_answer(execution); }),
      loops_(suspensions.loops),
      own_(suspensions.own) {}

Task<Result<Outcome>> Executions::run(ToolCall call, Tell tell) {
  panels::Panel& panel = *call.panel;
  if (is_memory_short()) co_return refused(want_of_memory(), &panel);
  metrics::Present state(probes_.in_progress.queued);
  std::optional<panels::Turn> turn = panel.turns().try_take();
  if (!turn) {
    auto waited = co_await wait_for_turn(panel);
    if (!waited) co_return refused(std::move(waited.error()), &panel);
    turn.emplace(*std::move(waited));
    if (panel.is_removed()) co_return removed();  // after the turn was passed on, before we are here
  }

  HandlerPtr handler = cache_.find(call.tool->handler, call.tool->known);
  const bool cache_hit = handler != nullptr;
  budget::Grant prepaid;
  if (const std::uint64_t forecast = cache_hit ? handler->use.memory.forecast_bytes() : 0; forecast > 0) {
    auto room = co_await admission_.reserve(forecast, budget::Need::kGrowth);
    if (!room) {
      handler->use.memory.decay_after_refusal();
      ++handler->use.refusals;
      co_return std::unexpected(std::move(room.error()));
    }
    if (panel.is_removed()) co_return removed();
    prepaid = *std::move(room);
  }
  Result<pool::Lease> lease = pool_.try_acquire();
  if (!lease) {
    lease = co_await instance();
    if (!lease) co_return refused(std::move(lease.error()), &panel);
    if (panel.is_removed()) co_return removed();
  }
  state.move_to(probes_.in_progress.running);

  ExecutionResult result;
  if (!cache_hit) {
    auto loaded = co_await load_in(**lease, call.tool->handler, call.tool->limits);
    if (panel.is_removed()) co_return removed();
    if (loaded) {
      handler = *std::move(loaded);
      if ((*lease)->state() != sandbox::Instance::Status::kIdle) {
        lease->give_back();
        state.move_to(probes_.in_progress.queued);
        lease = co_await instance();
        if (!lease) co_return refused(std::move(lease.error()), &panel);
        if (panel.is_removed()) co_return removed();
        state.move_to(probes_.in_progress.running);
      }
    } else {
      result.execution_id = make_id();
      result.error = std::move(loaded.error());
    }
  }
  if (handler) {
    auto request = request_of(call, *handler, cache_hit);
    request.execution_id = make_id();
    request.args_json = call.args_json;
    request.scope_json = call.definition->scope_json;
    request.prepaid = std::move(prepaid);
    std::string id = request.execution_id;
    sandbox::Instance& instance = **lease;
    instance.start(std::move(request));
    std::uint64_t waited_us = 0;
    if (instance.step() == sandbox::Step::kMore) {
      const RunningHandlers::Entry running(running_, panel.id(), call.tool->name, instance);
      const std::uint64_t began_us = clock_.monotonic_us();
      co_await remaining_slices(instance, &panel, nullptr);
      waited_us = clock_.monotonic_us() - began_us;
    }
    if (instance.waits()) {
      sandbox::Segment segment = instance.suspend();
      lease->give_back();
      auto execution = keep(std::move(call), std::move(id), std::move(handler), cache_hit);
      try {
        suspend(execution, std::move(segment));
      } catch (const std::bad_alloc&) {
        kept_.erase(execution->id);  // nothing of it was committed
        throw;
      }
      co_return Outcome{{}, std::move(execution)};
    }
    result = instance.finish();
    admission_.record_us(std::max(waited_us, result.metrics.execution_time_us));
    if (instance.state() == sandbox::Instance::Status::kTerminated) lease->retire(why_retired(result));
    record(handler->use, call, result);
  }
  if (result.error && result.error->code == ErrorCode::kOverloaded)
    co_return refused(*std::move(result.error), &panel);  // for want of memory nothing of it ran
  if (call.keeps_result) {
    auto execution = keep(std::move(call), result.execution_id, std::move(handler), cache_hit);
    end(execution, std::move(result));
    co_return Outcome{{}, std::move(execution)};
  }
  conclude(call, result, tell);
  co_return Outcome{std::move(result), nullptr};
}

void Executions::refuse(ToolCall call, Error error) {
  end_with(keep(std::move(call), make_id(), nullptr, false), std::move(error));
}

sandbox::ExecutionRequest Executions::request_of(const ToolCall& call, const handlers::Handler& handler,
                                                 bool cache_hit) const {
  sandbox::ExecutionRequest request;
  request.image = handler.image;
  request.source = handler.source;
  request.state = &call.panel->state();
  request.capabilities = &call.tool->capabilities;
  request.extensions = &suspensions_.table();
  request.limits = call.tool->limits;
  request.cache_hit = cache_hit;
  return request;
}

// Its last byte says which loop it is of.
std::string Executions::make_id() const {
  std::string id = make_uuid(clock_.unix_ms());
  if (loops_ == 1) return id;
  const std::size_t last = loop_byte(id);
  const std::size_t rounded = last - last % loops_ + own_;
  fmt::format_to(id.end() - 2, "{:02x}", rounded > 0xff ? rounded - loops_ : rounded);
  return id;
}

Task<Result<HandlerPtr>> Executions::load(std::string_view source, const Limits& limits) {
  if (auto handler = cache_.find(source)) co_return handler;
  auto lease = co_await instance();
  if (!lease) co_return refused(std::move(lease.error()), nullptr);
  auto loaded = co_await load_in(**lease, source, limits);
  if (!loaded) co_return refused(std::move(loaded.error()), nullptr);
  co_return loaded;
}

bool Executions::renew_instances() {
  constexpr std::size_t kAtOnce = 32;  // each is a millisecond at most
  return pool_.renew(kAtOnce);
}

Task<Result<panels::Turn>> Executions::wait_for_turn(panels::Panel& panel) {
  co_return co_await callback<Result<panels::Turn>>(executor_, [&panel](panels::TurnQueue::Ready ready) {
    // A refusal is an answer like any other, but the queue doesn't keep `ready` to give it.
    auto shared = std::make_shared<panels::TurnQueue::Ready>(std::move(ready));
    const auto waiting =
        panel.turns().wait([shared](Result<panels::Turn> turn) { (*shared)(std::move(turn)); });
    if (!waiting) (*shared)(std::unexpected(waiting.error()));
  });
}

// One that is idle or can be made; when there are no bytes to make one, those that are idle elsewhere are given up first,
// and then it waits.
Task<Result<pool::Lease>> Executions::instance() {
  auto lease = co_await wait_for_instance();
  for (int tries = 0; !lease && is_want_of_bytes(lease.error()) && tries < kMostTries; ++tries) {
    auto room = co_await admission_.reserve(kNewInstanceBytes, budget::Need::kStart);
    if (!room) co_return std::unexpected(std::move(room.error()));
    room->shrink_to(0);  // for the instance itself, at once
    lease = co_await wait_for_instance();
  }
  co_return lease;
}

std::unexpected<Error> Executions::refused(Error error, const panels::Panel* panel) const {
  return std::unexpected(
      admission_.with_retry_after(std::move(error), panel != nullptr ? panel->waiting() : 0));
}

Task<Result<pool::Lease>> Executions::wait_for_instance() {
  co_return co_await callback<Result<pool::Lease>>(
      executor_, [this](pool::InstancePool::Ready ready) { pool_.acquire(std::move(ready)); });
}

Task<Result<HandlerPtr>> Executions::load_in(sandbox::Instance& instance, std::string_view source,
                                             const Limits& limits) {
  instance.start_load(source, limits);
  if (instance.step() == sandbox::Step::kMore) co_await remaining_slices(instance, nullptr, nullptr);
  budget::Grant held;
  auto image = instance.finish_load([&](std::uint64_t most_bytes) -> Result<void> {
    NEXUS_TRY(held, cache_.reserve(source, most_bytes));
    return {};
  });
  if (!image) co_return std::unexpected(std::move(image.error()));
  co_return cache_.insert(std::string(source), *std::move(image), std::move(held));
}

// Returns when the instance is finished. A panel that is removed meanwhile ends its execution; null: no panel's.
Task<void> Executions::remaining_slices(sandbox::Instance& instance, const panels::Panel* panel,
                                        const bool* cancelled) {
  for (;;) {
    co_await run_queue_.next_slice(instance.running_us(), instance.due_us());
    if (is_aborted_) {
      instance.cancel(ErrorCode::kCancelled, "the server has shut down");
      co_return;
    }
    if (panel != nullptr && panel->is_removed()) {
      instance.cancel(ErrorCode::kCancelled, "the panel has been deleted");
      co_return;
    }
    if (cancelled != nullptr && *cancelled) {
      instance.cancel(ErrorCode::kCancelled, "the execution was cancelled");
      co_return;
    }
    if (instance.step() == sandbox::Step::kDone) co_return;
  }
}

// The others are told first, in the same turn: the panel takes the values.
void Executions::publish(const ToolCall& call, Journal& journal, State::Reservation room) {
  panels::Panel& panel = *call.panel;
  if (panel.is_removed()) return;
  subscribers_.committed(panel, journal);
  if (watch_) watch_(call, journal);
  panel.commit(journal, std::move(room), clock_.unix_ms());
}

// First all that memory may be missing for, then what has an effect: who is told of a failure finds the state as it was, and
// who finds it changed has been told so.
void Executions::conclude(const ToolCall& call, ExecutionResult& result, const Tell& tell) {
  auto room = call.panel->reserve(result.journal);
  write_log(call, result);
  if (tell) tell(result);
  publish(call, result.journal, std::move(room));
  probes_.ended(result);
}

}  // namespace nexus::executions
