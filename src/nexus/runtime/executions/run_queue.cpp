#include "nexus/runtime/executions/run_queue.h"

#include <algorithm>

namespace nexus::executions {
namespace {

// Turns of the loop between two slices: in the first it looks at its sockets, in the second what arrived is served, in the
// third the answers are written. With one, an answer would wait for a whole slice once more.
constexpr int kTurns = 3;

}  // namespace

Task<void> RunQueue::next_slice(std::uint64_t used_us, std::uint64_t due_us) {
  co_await asio::async_initiate<const Await, void()>(
      [this, used_us, due_us](auto handler) {
        add(used_us, due_us, [handler = std::move(handler)]() mutable { std::move(handler)(); });
      },
      kAwait);
}

void RunQueue::add(std::uint64_t used_us, std::uint64_t due_us, std::move_only_function<void()> resume) {
  waiting_.push_back({used_us, due_us, next_order_++, std::move(resume)});
  std::push_heap(waiting_.begin(), waiting_.end());
  if (!std::exchange(scheduled_, true)) run_one_after(kTurns);
}

void RunQueue::run_one_after(int turns) {
  asio::post(executor_, [this, turns] { turns > 1 ? run_one_after(turns - 1) : run_one(); });
}

RunQueue::Waiting RunQueue::take_next() {
  const auto first_due = std::ranges::min_element(waiting_, {}, &Waiting::due_us);
  if (first_due->due_us <= clock_.monotonic_us()) {
    std::swap(*first_due, waiting_.back());
    Waiting next = std::move(waiting_.back());
    waiting_.pop_back();
    std::make_heap(waiting_.begin(), waiting_.end());
    return next;
  }
  std::pop_heap(waiting_.begin(), waiting_.end());
  Waiting next = std::move(waiting_.back());
  waiting_.pop_back();
  return next;
}

void RunQueue::run_one() {
  Waiting next = take_next();
  is_in_slice_.store(true, std::memory_order_relaxed);
  next.resume();
  is_in_slice_.store(false, std::memory_order_relaxed);
  scheduled_ = !waiting_.empty();
  if (scheduled_) run_one_after(kTurns);
}

}  // namespace nexus::executions
