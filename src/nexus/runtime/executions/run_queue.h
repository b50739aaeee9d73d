// Who runs the next slice, among the executions that were not done at the end of their first: the one that has used
// the least running time, so that a short handler is quick beside hundreds of endless ones; but first those whose time is
// over by the clock, who would otherwise not hear of it while new ones keep coming. Between two slices the sockets are
// served, to the last answer.
//
// Thread safety: none; it belongs to one loop, which it must outlive.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "nexus/foundation/base/clock.h"
#include "nexus/runtime/loop/loop.h"

namespace nexus::executions {

class RunQueue {
 public:
  RunQueue(Executor executor, const Clock& clock) : executor_(executor), clock_(clock) {}
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  static constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

  // Returns when the caller may run one slice; it then waits again, or is done. `due_us`: when its time is over, by the
  // monotonic clock.
  Task<void> next_slice(std::uint64_t used_us, std::uint64_t due_us = kNever);

  std::size_t size() const { return waiting_.size(); }

  // Whether a slice is being run that nobody has ended yet; who gets `true` is to end it. Thread-safe.
  bool take_slice() { return is_in_slice_.load(std::memory_order_relaxed) && is_in_slice_.exchange(false); }

 private:
  struct Waiting {
    std::uint64_t due_us;
    std::move_only_function<void()> resume;
  };
  using Key =
      std::pair<std::uint64_t, std::uint64_t>;  // running time used, and the order of arrival among equals
  using Due = std::pair<std::uint64_t, Key>;
  void add(std::uint64_t used_us, std::uint64_t due_us, std::move_only_function<void()> resume);
  Waiting take_next();
  void run_one_after(int turns);
  void run_one();

  Executor executor_;
  const Clock& clock_;
  std::map<Key, Waiting> waiting_;
  std::set<Due> due_;  // of those that wait, without kNever
  std::uint64_t next_order_ = 0;
  bool scheduled_ = false;
  std::atomic<bool> is_in_slice_ = false;
};

}  // namespace nexus::executions
