// Who runs the next slice, among the executions that were not done at the end of their first: the one that has used
// the least running time, so that a short handler is quick beside hundreds of endless ones. One slice is run per turn
// of the loop, and sockets are served in between.
//
// Thread safety: none; it belongs to one loop, which it must outlive.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "nexus/server/loop.h"

namespace nexus::server {

class RunQueue {
 public:
  explicit RunQueue(Executor executor) : executor_(executor) {}
  RunQueue(const RunQueue&) = delete;
  RunQueue& operator=(const RunQueue&) = delete;

  // Returns when the caller may run one slice; it then waits again, or is done.
  Task<void> next_slice(std::uint64_t used_us);

  std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    std::uint64_t used_us;
    std::uint64_t order;  // of arrival, among equals
    std::move_only_function<void()> resume;
    bool operator<(const Waiting& other) const {  // the top of the heap is the greatest
      return used_us != other.used_us ? used_us > other.used_us : order > other.order;
    }
  };
  void add(std::uint64_t used_us, std::move_only_function<void()> resume);
  void run_one();

  Executor executor_;
  std::vector<Waiting> waiting_;  // a heap
  std::uint64_t next_order_ = 0;
  bool scheduled_ = false;
};

}  // namespace nexus::server
