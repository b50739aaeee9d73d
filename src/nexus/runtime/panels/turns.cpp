#include "nexus/runtime/panels/turns.h"

#include <fmt/format.h>

#include <cassert>

namespace nexus::panels {
namespace {

// When a turn comes free is not known; a second is the least that Retry-After can say.
constexpr int kRetryAfterMs = 1000;

}  // namespace

Turn::~Turn() {
  if (queue_ != nullptr) queue_->pass_on();
}

std::optional<Turn> TurnQueue::try_take() {
  if (taken_ || closed_) return std::nullopt;
  taken_ = true;
  return Turn(*this);
}

void TurnQueue::wait(Ready ready, std::int64_t until_ms) {
  if (closed_) return ready(std::unexpected(*closed_));
  assert(taken_);
  if (waiting_.size() < max_waiting_) return void(waiting_.push_back({std::move(ready), until_ms}));
  ready(std::unexpected(Error{
      .code = ErrorCode::kPanelBusy,
      .message = "this panel's queue is full",
      .limit = LimitReached{"panel", "MAX_PANEL_QUEUE", max_waiting_, waiting_.size() + 1},
      .retry_after_ms = kRetryAfterMs,
  }));
}

void TurnQueue::wait_with_priority(Ready ready) {
  if (closed_) return ready(std::unexpected(*closed_));
  assert(taken_);
  prioritised_.push_back(std::move(ready));
}

void TurnQueue::expire(std::int64_t now_ms, std::uint64_t timeout_ms) {
  std::erase_if(waiting_, [&](Waiting& waiting) {
    if (waiting.until_ms > now_ms) return false;
    waiting.ready(std::unexpected(timed_out(timeout_ms)));
    return true;
  });
}

Error TurnQueue::timed_out(std::uint64_t timeout_ms) {
  return {.code = ErrorCode::kPanelBusy,
          .message = timeout_ms == 0 ? "the panel is busy, and no call may wait"
                                     : fmt::format("the panel was busy for {} ms", timeout_ms),
          .limit = LimitReached{"panel", "QUEUE_TIMEOUT_MS", timeout_ms, timeout_ms + 1},
          .retry_after_ms = kRetryAfterMs};
}

void TurnQueue::close(const Error& reason) {
  closed_ = reason;
  for (auto prioritised = std::exchange(prioritised_, {}); Ready & ready : prioritised)
    ready(std::unexpected(reason));
  for (auto waiting = std::exchange(waiting_, {}); Waiting & one : waiting)
    one.ready(std::unexpected(reason));
}

void TurnQueue::pass_on() {
  if (prioritised_.empty() && waiting_.empty()) {
    taken_ = false;
    return;
  }
  Ready next;
  if (!prioritised_.empty()) {
    next = std::move(prioritised_.front());
    prioritised_.pop_front();
  } else {
    next = std::move(waiting_.front().ready);
    waiting_.pop_front();
  }
  next(Turn(*this));
}

}  // namespace nexus::panels
