// The shell of PoolPolicy: keeps the instances and callbacks, and carries out decisions. A template, so that its tests need
// no WebAssembly; the rest of the program uses instance_pool.h.
//
//   event ──► policy decides ──► dropped instances are destroyed, new ones are made ──► callbacks are called ──► `drained`
//                                (milliseconds each)
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/container/small_vector.hpp>
#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/pool/policy.h"
#include "nexus/sandbox/pool/refusal.h"
#include "nexus/sandbox/pool/stats.h"

namespace nexus::pool {

template <class InstanceT>
class BasicInstancePool;

// An instance in use; the destructor gives it back. An execution still in progress is then cancelled: the objects
// that its request points to must outlive the lease.
//
// Thread safety: none; it belongs to the loop of its pool.
template <class InstanceT>
class BasicLease {
 public:
  BasicLease() = default;
  BasicLease(BasicLease&& other) noexcept
      : pool_(other.pool_),
        slot_(other.slot_),
        instance_(std::move(other.instance_)),
        broken_(other.broken_) {}
  BasicLease& operator=(BasicLease&& other) noexcept {
    if (this == &other) return *this;
    give_back();
    pool_ = other.pool_;
    slot_ = other.slot_;
    instance_ = std::move(other.instance_);
    broken_ = other.broken_;
    return *this;
  }
  ~BasicLease() { give_back(); }

  InstanceT* operator->() const { return instance_.get(); }
  InstanceT& operator*() const { return *instance_; }
  explicit operator bool() const { return instance_ != nullptr; }

  // Marks the instance as unusable, with the reason. Without it a terminated instance counts as kTrap.
  void retire(Retired why) { broken_ = why; }
  // The same as the destructor; the lease is empty afterwards.
  void give_back() {
    if (instance_) pool_->take_back(slot_, std::move(instance_), broken_);
  }

 private:
  friend class BasicInstancePool<InstanceT>;
  BasicLease(BasicInstancePool<InstanceT>& pool, SlotId slot, std::unique_ptr<InstanceT> instance)
      : pool_(&pool), slot_(slot), instance_(std::move(instance)) {}

  BasicInstancePool<InstanceT>* pool_ = nullptr;
  SlotId slot_ = 0;
  std::unique_ptr<InstanceT> instance_;
  std::optional<Retired> broken_;
};

// Thread safety: none; it belongs to one loop. Other threads may read active_count(), waiting_count() and given_count().
// Must outlive its leases. A callback must not throw, and must not use the pool or give a lease back before it returns: it
// passes the lease on, as callback() (runtime/loop/loop.h) does.
template <class InstanceT>
class BasicInstancePool {
 public:
  using Lease = BasicLease<InstanceT>;
  // Makes an instance or returns the error.
  using Factory = std::function<Result<std::unique_ptr<InstanceT>>()>;
  using Ready = std::move_only_function<void(Result<Lease>)>;
  using Drained = std::move_only_function<void()>;

  // Makes the warm instances. If one fails, tick() tries again.
  BasicInstancePool(const PoolOptions& options, const Clock& clock, Factory factory);
  ~BasicInstancePool();

  // Calls `ready` with an instance: at once if one is idle or may be made, otherwise when one is given back. With
  // kOverloaded if the queue is full or it is `until_ms` of the monotonic clock, with the factory's error if no instance
  // could be made, or with kShuttingDown.
  void acquire(Ready ready, std::int64_t until_ms) {
    ask(std::move(ready), IfBusy::kWait, static_cast<std::uint64_t>(until_ms));
  }
  // The same with queue_timeout_ms from now.
  void acquire(Ready ready) { acquire(std::move(ready), default_deadline()); }
  // The same without waiting: kOverloaded instead.
  Result<Lease> try_acquire();
  // Rejects callers that have waited too long, drops idle instances, and replaces warm ones. Call it about every 100
  // ms.
  void tick();
  // Drops idle instances now, the longest unused first, until `bytes` are freed or min_instances are left; returns
  // the bytes freed.
  std::uint64_t reclaim(std::uint64_t bytes);
  // Replaces the idle instances by min_instances fresh ones if there are more, or they hold more than twice as much
  // memory. Drops at most `most` per call; false when nothing is left to do. tick() makes the new ones.
  bool renew(std::size_t most);

  // Rejects all waiting and future callers, drops idle instances, and calls the latest `drained` when the last lease is
  // back. The pool may be destroyed in that callback.
  void shutdown(Drained drained);

  std::uint32_t active_count() const { return active_.load(std::memory_order_relaxed); }
  std::uint32_t waiting_count() const { return waiting_count_.load(std::memory_order_relaxed); }
  // Leases given since the start.
  std::uint64_t given_count() const { return given_.load(std::memory_order_relaxed); }
  // Resident bytes of linear memory in all instances. Active instances count as they were when they were given out.
  std::uint64_t total_memory() const { return total_memory_; }
  PoolStats stats() const;

 private:
  friend class BasicLease<InstanceT>;

  struct Place {
    std::unique_ptr<InstanceT> instance;  // null while a lease has it
    std::uint64_t bytes = 0;
  };
  struct Waiter {
    Ready ready;
    std::uint64_t since_us = 0;
  };
  // The caller of the event that is being decided; moved to waiting_ only if the policy says so.
  struct Caller {
    std::optional<CallerId> id;
    Waiter waiter;
  };
  struct Creation {
    SlotId slot;
    Caller caller;
  };
  struct Delivery {
    Ready ready;
    Result<Lease> lease;
  };
  struct Event {
    std::uint64_t now_us;
    Caller caller{};
    // What is left to do once all that was decided is carried out.
    boost::container::small_vector<Creation, 1> creations{};
    boost::container::small_vector<Delivery, 1> deliveries{};
  };

  void ask(Ready ready, IfBusy if_busy, std::uint64_t until_ms);
  std::int64_t default_deadline() const {
    return clock_.monotonic_ms() + static_cast<std::int64_t>(options_.queue_timeout_ms);
  }
  void take_back(SlotId slot, std::unique_ptr<InstanceT> instance, std::optional<Retired> broken);
  static std::optional<Retired> put_to_rest(InstanceT& instance, std::optional<Retired> broken);

  Event event() const { return {.now_us = clock_.monotonic_us()}; }
  void carry_out(PoolPolicy::Decisions decisions, Event& event);
  void finish(PoolPolicy::Decisions decisions, Event& event);
  Waiter waiter_of(CallerId id, Caller& caller);
  void place(SlotId slot, std::unique_ptr<InstanceT> instance, std::uint64_t bytes);
  void create(Creation creation, Event& event);

  const PoolOptions options_;
  const Clock& clock_;
  const Factory factory_;
  PoolPolicy policy_;
  std::vector<Place> places_;  // by slot
  std::unordered_map<CallerId, Waiter> waiting_;
  Drained drained_;
  CallerId last_caller_ = 0;
  std::uint64_t total_memory_ = 0;
  std::uint64_t created_ = 0;
  std::array<std::uint64_t, kRetiredCount> retired_{};
  WaitTimes waits_;
  bool is_renewed_ = true;         // no more than min_instances have been needed since they were made
  std::uint64_t fresh_bytes_ = 0;  // of the latest that was made
  // For other threads, as the latest event has left them.
  std::atomic<std::uint32_t> active_{0}, waiting_count_{0};
  std::atomic<std::uint64_t> given_{0};
};

}  // namespace nexus::pool

#include "nexus/sandbox/pool/basic_pool_impl.h"
