#include "nexus/sandbox/pool/policy.h"

#include <algorithm>
#include <cassert>

namespace nexus::pool {

PoolPolicy::PoolPolicy(const PoolOptions& options) : options_(options) {
  options_.max_instances = std::max(options_.max_instances, 1u);
  options_.min_instances = std::min(options_.min_instances, options_.max_instances);
  if (options_.queue_timeout_ms == 0) options_.max_queue = 0;
}

PoolPolicy::Decisions PoolPolicy::start() {
  decisions_.clear();
  while (total() < options_.min_instances)
    create_for(std::nullopt);
  return decided();
}

PoolPolicy::Decisions PoolPolicy::acquire(CallerId caller, IfBusy if_busy, std::uint64_t until_ms) {
  decisions_.clear();
  if (is_draining_) {
    decisions_.emplace_back(Refuse{caller, Refusal::kShuttingDown});
    return decided();
  }
  // Every caller joins the queue, and the queue is served from its front, so no caller overtakes another.
  waiting_.push_back({caller, until_ms});
  if (!idle_.empty()) {
    const SlotId slot = idle_.back();
    idle_.pop_back();
    give(next_waiter(), slot);
  } else {
    create_for_next_waiter();
  }
  if (waiting_.empty() || waiting_.back().caller != caller) return decided();
  if (if_busy == IfBusy::kRefuse) {
    waiting_.pop_back();
    decisions_.emplace_back(Refuse{caller, Refusal::kBusy});
  } else if (waiting_.size() > options_.max_queue) {
    waiting_.pop_back();
    decisions_.emplace_back(Refuse{caller, Refusal::kQueueFull});
  } else {
    decisions_.emplace_back(Wait{caller});
  }
  return decided();
}

PoolPolicy::Decisions PoolPolicy::created(SlotId slot, std::uint64_t now_ms) {
  assert(slots_[slot].status == Status::kCreating);
  decisions_.clear();
  --creating_;
  const std::optional<CallerId> caller = slots_[slot].creating_for;
  if (is_draining_) {
    drop(slot, Retired::kShutdown);
    if (caller) decisions_.emplace_back(Refuse{*caller, Refusal::kShuttingDown});
  } else if (caller) {
    give(*caller, slot);
  } else {
    hand_over_or_keep(slot, now_ms);
  }
  return decided();
}

PoolPolicy::Decisions PoolPolicy::create_failed(SlotId slot) {
  assert(slots_[slot].status == Status::kCreating);
  decisions_.clear();
  --creating_;
  slots_[slot].status = Status::kFree;
  // Waiting callers are served by instances that come back. If there are none, create one for the next caller.
  if (active_ + creating_ == 0) create_for_next_waiter();
  return decided();
}

PoolPolicy::Decisions PoolPolicy::release(SlotId slot, std::uint64_t executions,
                                          std::optional<Retired> broken, std::uint64_t now_ms) {
  assert(slots_[slot].status == Status::kActive);
  decisions_.clear();
  --active_;
  if (!broken && executions >= options_.max_executions) broken = Retired::kAge;
  if (!broken && is_draining_) broken = Retired::kShutdown;
  if (broken) {
    drop(slot, *broken);
    create_for_next_waiter();
  } else {
    hand_over_or_keep(slot, now_ms);
  }
  return decided();
}

PoolPolicy::Decisions PoolPolicy::tick(std::uint64_t now_ms) {
  decisions_.clear();
  std::erase_if(waiting_, [&](const Waiter& waiter) {
    if (waiter.until_ms > now_ms) return false;
    decisions_.emplace_back(Refuse{waiter.caller, Refusal::kTimedOut});
    return true;
  });
  std::size_t unused = 0;
  while (idle_.size() - unused > options_.min_instances &&
         now_ms - slots_[idle_[unused]].idle_since_ms >= options_.max_idle_ms) {
    ++unused;
  }
  drop_first_idle(unused);
  if (!waiting_.empty()) {
    create_for_next_waiter();
  } else if (!is_draining_ && total() < options_.min_instances) {
    create_for(std::nullopt);  // one at a time: replacing retired instances must not hold up a tick
  }
  return decided();
}

PoolPolicy::Decisions PoolPolicy::drop_idle(std::size_t keep, std::size_t most) {
  decisions_.clear();
  if (idle_.size() > keep) drop_first_idle(std::min(idle_.size() - keep, most));
  return decided();
}

PoolPolicy::Decisions PoolPolicy::shutdown() {
  decisions_.clear();
  is_draining_ = true;
  while (!waiting_.empty())
    decisions_.emplace_back(Refuse{next_waiter(), Refusal::kShuttingDown});
  for (const SlotId slot : idle_)
    drop(slot, Retired::kShutdown);
  idle_.clear();
  return decided();
}

SlotId PoolPolicy::free_slot() {
  const auto found = std::ranges::find(slots_, Status::kFree, &Slot::status);
  if (found == slots_.end()) {
    slots_.emplace_back();
    return static_cast<SlotId>(slots_.size() - 1);
  }
  return static_cast<SlotId>(found - slots_.begin());
}

CallerId PoolPolicy::next_waiter() {
  const CallerId caller = waiting_.front().caller;
  waiting_.pop_front();
  return caller;
}

void PoolPolicy::give(CallerId caller, SlotId slot) {
  slots_[slot].status = Status::kActive;
  ++active_;
  decisions_.emplace_back(Give{caller, slot});
}

void PoolPolicy::drop(SlotId slot, Retired why) {
  slots_[slot].status = Status::kFree;
  decisions_.emplace_back(Drop{slot, why});
}

void PoolPolicy::drop_first_idle(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    drop(idle_[i], Retired::kIdle);
  idle_.erase(idle_.begin(), idle_.begin() + static_cast<std::ptrdiff_t>(count));
}

void PoolPolicy::create_for(std::optional<CallerId> caller) {
  const SlotId slot = free_slot();
  slots_[slot].status = Status::kCreating;
  slots_[slot].creating_for = caller;
  ++creating_;
  decisions_.emplace_back(Create{caller, slot});
}

void PoolPolicy::create_for_next_waiter() {
  if (!waiting_.empty() && total() < options_.max_instances) create_for(next_waiter());
}

void PoolPolicy::hand_over_or_keep(SlotId slot, std::uint64_t now_ms) {
  if (!waiting_.empty()) {
    give(next_waiter(), slot);
    return;
  }
  slots_[slot].status = Status::kIdle;
  slots_[slot].idle_since_ms = now_ms;
  idle_.push_back(slot);
}

}  // namespace nexus::pool
