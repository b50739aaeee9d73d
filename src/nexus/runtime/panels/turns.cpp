#include "nexus/runtime/panels/turns.h"

#include <cassert>

namespace nexus::panels {
namespace {

// When the turn comes free is unknown; one second is the shortest time that Retry-After can express.
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

Result<void> TurnQueue::wait(Ready ready) {
  if (closed_) return std::unexpected(*closed_);
  assert(taken_);
  if (waiting_.size() >= max_waiting_) {
    return std::unexpected(Error{
        .code = ErrorCode::kPanelBusy,
        .message = "this panel's queue is full",
        .limit = LimitReached{"panel", "MAX_PANEL_QUEUE", max_waiting_, waiting_.size() + 1},
        .retry_after_ms = kRetryAfterMs,
    });
  }
  waiting_.push_back(std::move(ready));
  return {};
}

void TurnQueue::wait_ahead(Ready ready) {
  if (closed_) return ready(std::unexpected(*closed_));
  assert(taken_);
  ahead_.push_back(std::move(ready));
}

void TurnQueue::close(const Error& reason) {
  closed_ = reason;
  for (std::deque<Ready>* queue : {&ahead_, &waiting_}) {
    for (auto waiting = std::exchange(*queue, {}); Ready & ready : waiting)
      ready(std::unexpected(reason));
  }
}

void TurnQueue::pass_on() {
  std::deque<Ready>& queue = ahead_.empty() ? waiting_ : ahead_;
  if (queue.empty()) {
    taken_ = false;
    return;
  }
  Ready next = std::move(queue.front());
  queue.pop_front();
  next(Turn(*this));
}

}  // namespace nexus::panels
