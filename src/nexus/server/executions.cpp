#include "nexus/server/executions.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "nexus/base/ids.h"

namespace nexus::server {
namespace {

using HandlerPtr = std::shared_ptr<const handlers::Handler>;

// What a new instance takes while it is made: its linear memory as the interpreter starts with it, and the rest.
constexpr std::uint64_t kNewInstanceBytes = 2 << 20;
// For an instance whose bytes others have been quicker to take.
constexpr int kMostTries = 8;

// A handler must not be able to write lines of its own making into the server's log, or to colour a terminal.
std::string without_control_characters(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::unexpected<Error> removed() { return fail(ErrorCode::kPanelNotFound, "the panel has been deleted"); }

pool::Retired why_retired(const sandbox::ExecutionResult& result) {
  const bool was_cut_off = result.error && (result.error->code == ErrorCode::kTimeout ||
                                            result.error->code == ErrorCode::kCancelled);
  return was_cut_off ? pool::Retired::kCancel : pool::Retired::kTrap;
}

// The container's or the budget's refusal, by the ledger.
bool is_want_of_bytes(const Error& error) {
  return error.code == ErrorCode::kOverloaded && error.limit && error.limit->free.has_value();
}

void record(handlers::HandlerUse& use, const ToolCall& call, const sandbox::ExecutionResult& result) {
  if (use.latest != call.tool) {
    use.latest = call.tool;
    use.name = fmt::format("{}/{}", call.panel->id(), call.tool->name);
  }
  use.memory.record(result.metrics.grown_bytes);
  use.memory_limit_bytes = call.tool->limits.memory_limit_bytes;
  ++use.executions;
  use.running_us += result.metrics.execution_time_us;
  use.host_calls += result.metrics.host_calls.total();
  if (result.error && result.error->limit && result.error->limit->free) ++use.refusals;
}

spdlog::level::level_enum level_of(sandbox::LogLevel level) {
  switch (level) {
    case sandbox::LogLevel::kDebug:
      return spdlog::level::debug;
    case sandbox::LogLevel::kInfo:
      return spdlog::level::info;
    case sandbox::LogLevel::kWarn:
      return spdlog::level::warn;
    case sandbox::LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

}  // namespace

Executions::Executions(Executor executor, const Clock& clock, budget::Ledger& ledger,
                       handlers::HandlerCache& cache, pool::InstancePool& pool, metrics::Probes& probes,
                       sandbox::Runtime& runtime, Audience& audience, Admission::Options admission)
    : executor_(executor),
      clock_(clock),
      cache_(cache),
      pool_(pool),
      probes_(probes),
      runtime_(runtime),
      audience_(audience),
      run_queue_(executor),
      admission_(executor, clock, ledger, pool, cache, probes, admission) {}

Task<Result<sandbox::ExecutionResult>> Executions::run(ToolCall call) {
  panels::Panel& panel = *call.panel;
  metrics::Present state(probes_.under_way.queued);
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
    auto room = co_await admission_.room_for(forecast, budget::Need::kGrowth);
    if (!room) {
      handler->use.memory.doubt();
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
  state.move_to(probes_.under_way.running);

  sandbox::ExecutionResult result;
  if (!cache_hit) {
    auto loaded = co_await load_in(**lease, call.tool->handler, call.tool->limits);
    if (panel.is_removed()) co_return removed();
    if (loaded) {
      handler = *std::move(loaded);
      if ((*lease)->state() != sandbox::Instance::Status::kIdle) {
        lease->give_back();
        state.move_to(probes_.under_way.queued);
        lease = co_await instance();
        if (!lease) co_return refused(std::move(lease.error()), &panel);
        if (panel.is_removed()) co_return removed();
        state.move_to(probes_.under_way.running);
      }
    } else {
      result.execution_id = make_uuid(clock_.unix_ms());
      result.error = std::move(loaded.error());
    }
  }
  if (handler) {
    sandbox::ExecutionRequest request;
    request.image = handler->image;
    request.source = handler->source;
    request.execution_id = make_uuid(clock_.unix_ms());
    request.args_json = call.args_json;
    request.scope_json = call.definition->scope_json;
    request.state = &panel.state();
    request.capabilities = &call.tool->capabilities;
    request.limits = call.tool->limits;
    request.cache_hit = cache_hit;
    request.prepaid = std::move(prepaid);
    sandbox::Instance& instance = **lease;
    instance.start(std::move(request));
    std::uint64_t waited_us = 0;
    if (instance.step() == sandbox::Step::kMore) {
      const std::uint64_t began_us = clock_.monotonic_us();
      co_await remaining_slices(instance, &panel);
      waited_us = clock_.monotonic_us() - began_us;
    }
    result = instance.finish();
    admission_.record_us(std::max(waited_us, result.metrics.execution_time_us));
    if (instance.state() == sandbox::Instance::Status::kTerminated) lease->retire(why_retired(result));
    record(handler->use, call, result);
  }
  if (result.error && result.error->code == ErrorCode::kOverloaded)
    co_return std::unexpected(*std::move(result.error));  // for want of memory nothing of it ran
  conclude(call, result);
  co_return result;
}

Task<Result<HandlerPtr>> Executions::load(std::string_view source, const sandbox::Limits& limits) {
  if (auto handler = cache_.find(source)) co_return handler;
  auto lease = co_await instance();
  if (!lease) co_return refused(std::move(lease.error()), nullptr);
  co_return co_await load_in(**lease, source, limits);
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
    auto room = co_await admission_.room_for(kNewInstanceBytes, budget::Need::kStart);
    if (!room) co_return std::unexpected(std::move(room.error()));
    room->shrink_to(0);  // for the instance itself, at once
    lease = co_await wait_for_instance();
  }
  co_return lease;
}

std::unexpected<Error> Executions::refused(Error error, const panels::Panel* panel) const {
  if (error.retry_after_ms && error.limit && is_want_of_bytes(error))
    return std::unexpected(std::move(error));
  return std::unexpected(
      admission_.with_retry_after(std::move(error), panel != nullptr ? panel->waiting() : 0));
}

Task<Result<pool::Lease>> Executions::wait_for_instance() {
  co_return co_await callback<Result<pool::Lease>>(
      executor_, [this](pool::InstancePool::Ready ready) { pool_.acquire(std::move(ready)); });
}

Task<Result<HandlerPtr>> Executions::load_in(sandbox::Instance& instance, std::string_view source,
                                             const sandbox::Limits& limits) {
  instance.start_load(source, limits);
  if (instance.step() == sandbox::Step::kMore) co_await remaining_slices(instance, nullptr);
  auto image = instance.finish_load();
  if (!image) co_return std::unexpected(std::move(image.error()));
  co_return cache_.insert(std::string(source), *std::move(image));
}

// Returns when the instance is finished. A panel that is removed meanwhile ends its execution; null: no panel's.
Task<void> Executions::remaining_slices(sandbox::Instance& instance, const panels::Panel* panel) {
  for (;;) {
    co_await run_queue_.next_slice(instance.running_us());
    if (is_aborted_) {
      instance.cancel(ErrorCode::kCancelled, "the server has shut down");
      co_return;
    }
    if (panel != nullptr && panel->is_removed()) {
      instance.cancel(ErrorCode::kCancelled, "the panel has been deleted");
      co_return;
    }
    if (instance.step() == sandbox::Step::kDone) co_return;
  }
}

void Executions::conclude(const ToolCall& call, const sandbox::ExecutionResult& result) {
  if (!call.panel->is_removed()) {
    call.panel->commit(result.journal, clock_.unix_ms());
    audience_.committed(*call.panel, result.journal);
  }
  probes_.ended(result);
  for (const sandbox::LogLine& line : result.logs) {
    spdlog::log(level_of(line.level), "panel={} tool={} execution={} {}", call.panel->id(), call.tool->name,
                result.execution_id, without_control_characters(line.text));
  }
}

}  // namespace nexus::server
