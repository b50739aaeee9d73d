// The segments of a panel's executions run one at a time: first resumed executions, then new ones, each in order of
// arrival. The queue of new ones is bounded.
//
// Thread safety: none; it belongs to the loop of its panel.
// Invariants: 1. at most one Turn exists at a time; 2. while no Turn exists, no execution waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "nexus/foundation/base/error.h"

namespace nexus::panels {

class TurnQueue;

// The right to run and to change the panel's state. Its destructor passes the turn to the next execution in the queue.
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
  // Called from the destructor of the previous Turn, or from close(): it must not run a handler inside the call.
  using Ready = std::move_only_function<void(Result<Turn>)>;

  explicit TurnQueue(std::uint32_t max_waiting) : max_waiting_(max_waiting) {}

  // None: another execution has the turn.
  std::optional<Turn> try_take();
  // Calls `ready` later with the turn. kPanelBusy: the queue is full, and `ready` will not be called. REQUIRES:
  // try_take() returned none.
  Result<void> wait(Ready ready);
  // The same for a resumed execution: ahead of all new ones, and without a bound. REQUIRES: as wait().
  void wait_ahead(Ready ready);
  // Rejects all waiting and all future executions with `reason`.
  void close(const Error& reason);

  std::size_t waiting() const { return waiting_.size(); }

 private:
  friend class Turn;
  void pass_on();

  std::deque<Ready> waiting_;
  std::deque<Ready> ahead_;
  std::optional<Error> closed_;
  std::uint32_t max_waiting_;
  bool taken_ = false;
};

}  // namespace nexus::panels
