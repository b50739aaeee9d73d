// Who waits for bytes, and who is next: in order of arrival, but whoever wants little may pass whoever wants much, for a
// while. Decisions on numbers, without a clock, threads or memory.
//
//   first ──► wants 30 MiB, 20 are free: passed by those behind that fit, kMostPasses times at most;
//             then nobody passes any more, and what comes free is kept together for it
//
// So that large callers cannot starve small ones, nor the other way.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <vector>

namespace nexus::budget {

// Not thread-safe. Times are milliseconds of any clock that never goes back.
class ByteQueue {
 public:
  static constexpr std::uint32_t kMostPasses = 16;
  using Id = std::uint64_t;
  // Whether the bytes could be had, and if so they have been.
  using Take = std::function<bool(Id, std::uint64_t bytes)>;

  explicit ByteQueue(std::uint64_t max_waiting) : max_waiting_(max_waiting) {}

  // Adds a caller that waits until `until_ms`. False: the queue is full.
  bool add(Id id, std::uint64_t bytes, std::int64_t until_ms);
  // Offers what is free to those who may have it now; gives those who took it.
  std::vector<Id> admit(const Take& take);
  // Removes the callers whose time is over; returns them in order of arrival.
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
