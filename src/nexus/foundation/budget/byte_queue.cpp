#include "nexus/foundation/budget/byte_queue.h"

namespace nexus::budget {

bool ByteQueue::add(Id id, std::uint64_t bytes, std::int64_t until_ms) {
  if (is_full()) return false;
  waiting_.push_back({id, bytes, until_ms});
  return true;
}

std::vector<ByteQueue::Id> ByteQueue::admit(const Take& take) {
  std::vector<Id> admitted;
  for (auto next = waiting_.begin(); next != waiting_.end();) {
    if (take(next->id, next->bytes)) {
      bool was_last_pass = false;
      for (auto before = waiting_.begin(); before != next; ++before)
        was_last_pass = ++before->passed >= kMostPasses || was_last_pass;
      admitted.push_back(next->id);
      next = waiting_.erase(next);
      if (was_last_pass) break;
    } else if (next->passed >= kMostPasses) {
      break;
    } else {
      ++next;
    }
  }
  return admitted;
}

std::vector<ByteQueue::Id> ByteQueue::expire(std::int64_t now_ms) {
  std::vector<Id> late;
  std::erase_if(waiting_, [&](const Waiter& waiter) {
    if (waiter.until_ms > now_ms) return false;
    late.push_back(waiter.id);
    return true;
  });
  return late;
}

}  // namespace nexus::budget
