#include "nexus/server/run_queue.h"

#include <algorithm>

namespace nexus::server {

Task<void> RunQueue::next_slice(std::uint64_t used_us) {
  co_await asio::async_initiate<const Await, void()>(
      [this, used_us](auto handler) {
        add(used_us, [handler = std::move(handler)]() mutable { std::move(handler)(); });
      },
      kAwait);
}

void RunQueue::add(std::uint64_t used_us, std::move_only_function<void()> resume) {
  waiting_.push_back({used_us, next_order_++, std::move(resume)});
  std::push_heap(waiting_.begin(), waiting_.end());
  if (std::exchange(scheduled_, true)) return;
  asio::post(executor_, [this] { run_one(); });
}

void RunQueue::run_one() {
  std::pop_heap(waiting_.begin(), waiting_.end());
  Waiting next = std::move(waiting_.back());
  waiting_.pop_back();
  next.resume();
  // Posted again rather than looped: that is what lets the loop look at its sockets.
  scheduled_ = !waiting_.empty();
  if (scheduled_) asio::post(executor_, [this] { run_one(); });
}

}  // namespace nexus::server
