#include "nexus/runtime/extensions/timer.h"

#include <fmt/format.h>
#include <pthread.h>

#include <chrono>
#include <system_error>
#include <vector>

#include "nexus/runtime/extensions/arguments.h"

namespace nexus::extensions {
namespace {

// Sleepers that are settled before others may enter or leave: their list fits into the memory reserve.
constexpr std::size_t kBatch = 256;

std::expected<std::uint64_t, CallError> read_sleep(std::string_view args_json) {
  std::expected<std::uint64_t, CallError> ms = std::unexpected(type_error("sleep() takes milliseconds"));
  for_each_argument(args_json, [&](std::size_t index, json::value value) {
    if (index == 0) ms = read_ms(value, "ms", 0, kThirtyDaysMs);
    if (index > 0) ms = std::unexpected(type_error("sleep() takes milliseconds and nothing else"));
    return ms.has_value();
  });
  return ms;
}

}  // namespace

Result<std::unique_ptr<Timer>> Timer::create() {
  try {
    return std::unique_ptr<Timer>(new Timer);
  } catch (const std::system_error& error) {
    return fail(
        ErrorCode::kInternalError,
        fmt::format("cannot start the timer's thread: {} (see `ulimit -v` and `ulimit -u`)", error.what()));
  }
}

Timer::~Timer() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

Started Timer::start(const Call& call, Settlements& settlements) {
  const auto ms = read_sleep(call.args_json);
  if (!ms) {
    settlements.settle(call.id, settlement_of(ms.error()));
    return {};
  }
  const std::uint64_t due_us = clock_.monotonic_us() + *ms * 1000;
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    const auto next_us = sleepers_.next_due_us();
    is_first = !next_us || due_us < *next_us;
    sleepers_.add({due_us, call.id, &settlements});
  }
  if (is_first) changed_.notify_one();
  return {.ttl_ms = *ms + kTtlMarginMs, .data_json = {}};
}

void Timer::cancel(CallId id) {
  const std::lock_guard lock(mutex_);
  sleepers_.remove(id);
}

std::size_t Timer::sleeping() const {
  const std::lock_guard lock(mutex_);
  return sleepers_.size();
}

bool Timer::settle_due() {
  std::vector<Sleepers::Sleeper> due;
  {
    const std::lock_guard lock(mutex_);
    due = sleepers_.take_due(clock_.monotonic_us(), kBatch);
  }
  for (const Sleepers::Sleeper& sleeper : due)
    sleeper.settlements->settle(sleeper.id, {Settlement::Kind::kValue, "null"});
  return !due.empty();
}

void Timer::run(const std::stop_token& stop) {
  pthread_setname_np(pthread_self(), "nexus-timer");
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    lock.unlock();
    const bool has_settled = settle_due();
    lock.lock();
    if (has_settled) continue;
    const auto next_us = sleepers_.next_due_us();
    const auto has_changed = [&] { return sleepers_.next_due_us() != next_us; };
    if (next_us) {
      const std::uint64_t now_us = clock_.monotonic_us();
      const std::chrono::microseconds pause(*next_us > now_us ? *next_us - now_us : 0);
      changed_.wait_for(lock, stop, pause, has_changed);
    } else {
      changed_.wait(lock, stop, has_changed);
    }
  }
}

}  // namespace nexus::extensions
