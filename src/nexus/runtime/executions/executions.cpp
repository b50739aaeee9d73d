#include "nexus/runtime/executions/executions.h"

#include <fmt/format.h>

#include "nexus/foundation/base/ids.h"
#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/foundation/base/text.h"

namespace nexus::executions {
namespace {

// A new instance: its linear memory as the interpreter starts with it, and the engine's part.
constexpr std::uint64_t kNewInstanceBytes = 2 << 20;
// Another loop may take the bytes between their reservation and the creation of the instance.
constexpr int kMostTries = 8;

// The refusal came from the ledger, for want of bytes in the container or the budget.
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
      hibernation_(clock, probes),
      loops_(suspensions.loops),
      own_(suspensions.own) {}

Task<Result<Outcome>> Executions::run(ToolCall call, BeforeCommit before_commit) {
  if (is_memory_short()) co_return refused(want_of_memory(), call.panel.get());
  metrics::Present state(probes_.in_progress.queued);
  SegmentRun first(call, state);
  if (!begin_now(first)) {
    auto begun = co_await begin(first);
    if (!begun) co_return refused(std::move(begun.error()), call.panel.get());
  }
  if (!first.load_error && first.lease->step() == sandbox::Step::kMore) co_await remaining_slices(first);
  co_return settle(first, before_commit);
}

void Executions::refuse(ToolCall call, Error error) {
  const auto execution = make_execution(std::move(call), make_id(), nullptr, false);
  table_.add(execution);
  end_with(execution, std::move(error));
}

void Executions::resume(const Suspensions::Found& suspension, extensions::Settlement settlement) {
  suspensions_.answer(suspension.id, suspensions_.charge(std::move(settlement)));
}

// The last byte names the loop.
std::string Executions::make_id() const {
  std::string id = make_uuid(clock_.unix_ms());
  if (loops_ == 1) return id;
  const std::size_t last = loop_byte(id);
  const std::size_t rounded = last - last % loops_ + own_;
  fmt::format_to(id.end() - 2, "{:02x}", rounded > 0xff ? rounded - loops_ : rounded);
  return id;
}

std::unexpected<Error> Executions::refused(Error error, const panels::Panel* panel) const {
  return std::unexpected(
      admission_.with_retry_after(std::move(error), panel != nullptr ? panel->waiting() : 0));
}

// ---- instances and images ----

// An idle instance, or a new one. When there are no bytes for a new one, idle instances of other loops are given up first, and
// then the call waits.
Task<Result<pool::Lease>> Executions::instance(std::int64_t until_ms) {
  auto lease = co_await wait_for_instance(until_ms);
  for (int tries = 0; !lease && is_want_of_bytes(lease.error()) && tries < kMostTries; ++tries) {
    auto room = co_await admission_.reserve(kNewInstanceBytes, budget::Need::kStart, until_ms);
    if (!room) co_return std::unexpected(std::move(room.error()));
    room->shrink_to(0);  // for the instance itself, at once
    lease = co_await wait_for_instance(until_ms);
  }
  co_return lease;
}

Task<Result<pool::Lease>> Executions::wait_for_instance(std::int64_t until_ms) {
  co_return co_await callback<Result<pool::Lease>>(
      executor_,
      [this, until_ms](pool::InstancePool::Ready ready) { pool_.acquire(std::move(ready), until_ms); });
}

Task<Result<std::shared_ptr<const handlers::Handler>>> Executions::load(std::string_view source,
                                                                        const Limits& limits) {
  if (auto handler = cache_.find(source)) co_return handler;
  auto lease = co_await instance(deadline());
  if (!lease) co_return refused(std::move(lease.error()), nullptr);
  auto loaded = co_await load_in(**lease, source, limits);
  if (!loaded) co_return refused(std::move(loaded.error()), nullptr);
  co_return loaded;
}

Task<Result<std::shared_ptr<const handlers::Handler>>> Executions::load_in(sandbox::Instance& instance,
                                                                           std::string_view source,
                                                                           const Limits& limits) {
  instance.start_load(source, limits);
  if (instance.step() == sandbox::Step::kMore) co_await slices_of(instance, nullptr);
  budget::Grant held;
  auto image = instance.finish_load([&](std::uint64_t most_bytes) -> Result<void> {
    NEXUS_TRY(held, cache_.reserve(source, most_bytes));
    return {};
  });
  if (!image) co_return std::unexpected(std::move(image.error()));
  co_return cache_.insert(std::string(source), *std::move(image), std::move(held));
}

bool Executions::renew_instances() {
  constexpr std::size_t kAtOnce = 32;  // each takes a millisecond at most
  return pool_.renew(kAtOnce);
}

// ---- waiting for an execution ----

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
  while (!is_over() && TimerClock::now() < end)
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
  suspensions_.expire();
  hibernation_.tick();
  const std::int64_t now_ms = clock_.monotonic_ms();
  table_.tick(now_ms);
  std::erase_if(busy_panels_, [&](const auto& busy) {
    panels::Panel* const panel = busy.second.get();
    panel->turns().expire(now_ms, admission_.timeout_ms());
    return panel->waiting() == 0;
  });
}

void Executions::reclaim(std::uint64_t bytes) {
  const std::uint64_t freed = table_.reclaim(bytes);
  if (freed < bytes) hibernation_.reclaim(bytes - freed);
  admission_.reclaim(bytes);
}

}  // namespace nexus::executions
