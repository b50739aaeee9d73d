// The oracle of PoolPolicy: the same rules in the slow and obvious way, with one list of instances and one of
// callers, searched for every question.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "nexus/sandbox/pool/policy.h"

namespace nexus::pool {

class NaivePolicy {
 public:
  explicit NaivePolicy(const PoolOptions& options) : options_(options) {}

  std::vector<Decision> start() {
    std::vector<Decision> decisions;
    while (instances_.size() < options_.min_instances)
      decisions.push_back(create(std::nullopt));
    return decisions;
  }

  std::vector<Decision> acquire(CallerId caller, IfBusy if_busy, std::uint64_t until) {
    if (shut_down_) return {Refuse{caller, Refusal::kShuttingDown}};
    std::vector<Decision> decisions;
    if (queue_.empty()) {
      if (const auto slot = last_used_idle()) {
        instances_.at(*slot).status = kActive;
        return {Give{caller, *slot}};
      }
      if (has_room()) return {create(caller)};
    } else if (has_room()) {
      decisions.push_back(create(take_first()));
    }
    const std::size_t places = options_.queue_timeout_ms == 0 ? 0 : options_.max_queue;
    if (if_busy == IfBusy::kRefuse) {
      // No instance is left for this caller, and kRefuse must not wait.
      decisions.push_back(Refuse{caller, Refusal::kBusy});
    } else if (queue_.size() >= places) {
      decisions.push_back(Refuse{caller, Refusal::kQueueFull});
    } else {
      queue_.push_back({caller, until});
      decisions.push_back(Wait{caller});
    }
    return decisions;
  }

  std::vector<Decision> created(SlotId slot, std::uint64_t now) {
    const std::optional<CallerId> caller = instances_.at(slot).caller;
    if (shut_down_) {
      instances_.erase(slot);
      if (caller) return {Drop{slot, Retired::kShutdown}, Refuse{*caller, Refusal::kShuttingDown}};
      return {Drop{slot, Retired::kShutdown}};
    }
    if (!caller) return keep(slot, now);
    instances_.at(slot).status = kActive;
    return {Give{*caller, slot}};
  }

  std::vector<Decision> create_failed(SlotId slot) {
    instances_.erase(slot);
    if (!queue_.empty() && count(kActive) == 0 && count(kCreating) == 0) return {create(take_first())};
    return {};
  }

  std::vector<Decision> release(SlotId slot, std::uint64_t executions, std::optional<Retired> broken,
                                std::uint64_t now) {
    std::optional<Retired> reason;
    if (shut_down_) reason = Retired::kShutdown;
    if (executions >= options_.max_executions) reason = Retired::kAge;
    if (broken) reason = broken;
    if (!reason) return keep(slot, now);
    instances_.erase(slot);
    std::vector<Decision> decisions = {Drop{slot, *reason}};
    if (!queue_.empty()) decisions.push_back(create(take_first()));
    return decisions;
  }

  std::vector<Decision> tick(std::uint64_t now) {
    std::vector<Decision> decisions;
    const auto is_late = [&](const Waiting& w) { return w.until <= now; };
    for (const Waiting& w : queue_) {
      if (is_late(w)) decisions.push_back(Refuse{w.caller, Refusal::kTimedOut});
    }
    std::erase_if(queue_, is_late);
    while (count(kIdle) > options_.min_instances) {
      const SlotId oldest = *first_used_idle();
      if (instances_.at(oldest).idle_since + options_.max_idle_ms > now) break;
      instances_.erase(oldest);
      decisions.push_back(Drop{oldest, Retired::kIdle});
    }
    if (shut_down_) return decisions;
    if (!queue_.empty() && has_room()) {
      decisions.push_back(create(take_first()));
    } else if (queue_.empty() && instances_.size() < options_.min_instances) {
      decisions.push_back(create(std::nullopt));
    }
    return decisions;
  }

  std::vector<Decision> drop_idle(std::size_t keep, std::size_t most) {
    std::vector<Decision> decisions;
    while (count(kIdle) > keep && decisions.size() < most) {
      const SlotId oldest = *first_used_idle();
      instances_.erase(oldest);
      decisions.push_back(Drop{oldest, Retired::kIdle});
    }
    return decisions;
  }

  std::vector<Decision> shutdown() {
    shut_down_ = true;
    std::vector<Decision> decisions;
    for (const Waiting& w : queue_)
      decisions.push_back(Refuse{w.caller, Refusal::kShuttingDown});
    queue_.clear();
    while (const auto oldest = first_used_idle()) {
      instances_.erase(*oldest);
      decisions.push_back(Drop{*oldest, Retired::kShutdown});
    }
    return decisions;
  }

  std::size_t active() const { return count(kActive); }
  std::size_t idle() const { return count(kIdle); }
  std::size_t creating() const { return count(kCreating); }
  std::size_t waiting() const { return queue_.size(); }
  bool is_drained() const { return shut_down_ && instances_.empty(); }

 private:
  enum Status { kCreating, kIdle, kActive };
  struct Instance {
    Status status;
    std::optional<CallerId> caller;  // during its creation
    std::uint64_t idle_since = 0;
    std::uint64_t order = 0;  // the order in which it became idle
  };
  struct Waiting {
    CallerId caller;
    std::uint64_t until;
  };

  std::size_t count(Status status) const {
    std::size_t n = 0;
    for (const auto& [slot, instance] : instances_)
      n += instance.status == status ? 1 : 0;
    return n;
  }
  bool has_room() const { return instances_.size() < options_.max_instances; }

  std::optional<SlotId> idle_with(bool (*better)(std::uint64_t, std::uint64_t)) const {
    std::optional<SlotId> best;
    for (const auto& [slot, instance] : instances_) {
      if (instance.status != kIdle) continue;
      if (!best || better(instance.order, instances_.at(*best).order)) best = slot;
    }
    return best;
  }
  std::optional<SlotId> last_used_idle() const {
    return idle_with([](std::uint64_t a, std::uint64_t b) { return a > b; });
  }
  std::optional<SlotId> first_used_idle() const {
    return idle_with([](std::uint64_t a, std::uint64_t b) { return a < b; });
  }

  CallerId take_first() {
    const CallerId caller = queue_.front().caller;
    queue_.erase(queue_.begin());
    return caller;
  }

  Decision create(std::optional<CallerId> caller) {
    SlotId slot = 0;
    while (instances_.contains(slot))
      ++slot;
    instances_[slot] = {kCreating, caller};
    return Create{caller, slot};
  }

  std::vector<Decision> keep(SlotId slot, std::uint64_t now) {
    if (!queue_.empty()) {
      instances_.at(slot).status = kActive;
      return {Give{take_first(), slot}};
    }
    instances_.at(slot) = {kIdle, std::nullopt, now, ++order_};
    return {};
  }

  PoolOptions options_;
  std::map<SlotId, Instance> instances_;
  std::vector<Waiting> queue_;
  std::uint64_t order_ = 0;
  bool shut_down_ = false;
};

}  // namespace nexus::pool
