// The queue for bytes: in order of arrival, but a small request may pass a large one a limited number of times, so
// that neither starves the other. Pure decisions: no clock, threads or memory.
//
//   first ──► wants 30 MiB, 20 are free: later requests that fit pass it, kMostPasses times at most;
//             then none passes any more, and freed bytes collect for it
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <vector>

namespace nexus::budget {

// Not thread-safe. Times are milliseconds of any monotonic clock.
class ByteQueue {
 public:
  static constexpr std::uint32_t kMostPasses = 16;
  using Id = std::uint64_t;
  // Tries to take the bytes; true if it has taken them.
  using Take = std::function<bool(Id, std::uint64_t bytes)>;

  explicit ByteQueue(std::uint64_t max_waiting) : max_waiting_(max_waiting) {}

  // The caller waits until `until_ms`. False if the queue is full.
  bool add(Id id, std::uint64_t bytes, std::int64_t until_ms);
  // Calls `take` for each waiter that may be served now; returns and removes the waiters that got their bytes.
  std::vector<Id> admit(const Take& take);
  // Removes and returns the waiters whose time is over.
  std::vector<Id> expire(std::int64_t now_ms);

  std::size_t size() const { return waiting_.size(); }
  bool is_full() const { return waiting_.size() >= max_waiting_; }

 private:
  struct Waiter {
    Id id;
    std::uint64_t bytes;
    std::int64_t until_ms;
    std::uint32_t passed = 0;
  };

  std::uint64_t max_waiting_;
  std::list<Waiter> waiting_;  // in order of arrival
};

}  // namespace nexus::budget
