// Segments of executions of one panel are serial: of those that go on first, then of those that start, each in order of
// arrival; only so many may wait to start.
//
// Thread safety: none. A panel belongs to one loop, and so does its queue.
// Invariants: 1. at most one Turn exists at a time; 2. while nobody has the turn, nobody waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <utility>

#include "nexus/foundation/base/error.h"

namespace nexus::panels {

class TurnQueue;

// The right to run and to change the panel's state; goes to the next in line when it goes out of scope.
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
  // Called from the destructor of the turn before, or from close(): must not run a handler there and then.
  using Ready = std::move_only_function<void(Result<Turn>)>;

  explicit TurnQueue(std::uint32_t max_waiting) : max_waiting_(max_waiting) {}

  // None: somebody else has it.
  std::optional<Turn> try_take();
  // `ready` gets the turn later. kPanelBusy: the queue is full, and `ready` won't be called.
  // REQUIRES: try_take() gave none.
  Result<void> wait(Ready ready);
  // The same for an execution that goes on: before all who start, and beyond the bound. REQUIRES: as wait().
  void wait_ahead(Ready ready);
  // Refuses all who wait and all who come, with `reason`.
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
