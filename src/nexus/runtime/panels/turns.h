// Makes the segments of a panel's executions serial. Resumed executions get the turn before calls that start, each group in order
// of arrival. The number of calls that wait to start is bounded, and so is the time of each.
//
// Thread safety: none. A panel belongs to one loop, and so does its queue.
// Invariants: 1. at most one Turn exists at a time; 2. while no Turn exists, the queue is empty.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "nexus/foundation/base/error.h"

namespace nexus::panels {

class TurnQueue;

// The right to run and to change the panel's state. Its destructor passes the right on to the next in the queue.
class Turn {
 public:
  Turn(Turn&& other) noexcept : queue_(std::exchange(other.queue_, nullptr)) {}
  Turn& operator=(Turn&& other) noexcept {
    std::swap(queue_, other.queue_);
    return *this;
  }
  ~Turn();

 private:
  friend class TurnQueue;
  explicit Turn(TurnQueue& queue) : queue_(&queue) {}
  TurnQueue* queue_;
};

// Must outlive its turns.
class TurnQueue {
 public:
  // Called from the destructor of the turn before, from expire(), close(), or at once. Must not run a handler there and then.
  using Ready = std::move_only_function<void(Result<Turn>)>;

  explicit TurnQueue(std::uint32_t max_waiting) : max_waiting_(max_waiting) {}

  // None: another execution has the turn.
  std::optional<Turn> try_take();
  // Gives the turn to `ready` when it comes free, or kPanelBusy: at once when the queue is full, or from expire() after
  // `until_ms` of the monotonic clock. REQUIRES: try_take() gave none.
  void wait(Ready ready, std::int64_t until_ms);
  // The same for a resumed execution: ahead of all calls that start, and without bounds. REQUIRES: as wait().
  void wait_with_priority(Ready ready);
  // Rejects the calls whose time is over.
  void expire(std::int64_t now_ms, std::uint64_t timeout_ms);
  // Rejects all that wait and all that come, with `reason`.
  void close(const Error& reason);

  // kPanelBusy for a call that has waited for QUEUE_TIMEOUT_MS; 0: that may not wait.
  static Error timed_out(std::uint64_t timeout_ms);

  std::size_t waiting() const { return waiting_.size(); }

 private:
  friend class Turn;
  void pass_on();

  struct Waiting {
    Ready ready;
    std::int64_t until_ms;
  };
  std::deque<Waiting> waiting_;
  std::deque<Ready> prioritised_;
  std::optional<Error> closed_;
  std::uint32_t max_waiting_;
  bool taken_ = false;
};

}  // namespace nexus::panels
