#include "nexus/runtime/executions/run_queue.h"

namespace nexus::executions {
namespace {

// Turns of the loop between two slices: the first polls the sockets, the second serves what arrived, the third writes the
// responses. With one turn, a response would wait for one more slice.
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
  const Key key{used_us, next_order_++};
  waiting_.emplace(key, Waiting{due_us, std::move(resume)});
  if (due_us != kNever) due_.emplace(due_us, key);
  if (!std::exchange(scheduled_, true)) run_one_after(kTurns);
}

void RunQueue::run_one_after(int turns) {
  asio::post(executor_, [this, turns] { turns > 1 ? run_one_after(turns - 1) : run_one(); });
}

RunQueue::Waiting RunQueue::take_next() {
  const bool is_one_due = !due_.empty() && due_.begin()->first <= clock_.monotonic_us();
  const auto place = is_one_due ? waiting_.find(due_.begin()->second) : waiting_.begin();
  due_.erase({place->second.due_us, place->first});
  Waiting next = std::move(place->second);
  waiting_.erase(place);
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
