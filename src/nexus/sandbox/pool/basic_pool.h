// The thread-safe shell of PoolPolicy: keeps the instances and callbacks, and carries out decisions. A template, so
// that its tests need no WebAssembly; the rest of the program uses instance_pool.h.
//
//   under the lock      the policy decides; instances and callbacks change hands
//   after the lock      1. dropped instances are destroyed   (milliseconds each)
//                       2. new ones are made, and reported under the lock again
//                       3. callbacks are called, `drained` last
#pragma once

#include <algorithm>
#include <array>
#include <boost/container/small_vector.hpp>
#include <cassert>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
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
// that its request points to must outlive the lease. Not thread-safe.
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

// Thread-safe. Must outlive its leases. Callbacks are called without the lock and must not throw.
template <class InstanceT>
class BasicInstancePool {
 public:
  using Lease = BasicLease<InstanceT>;
  // Makes an instance or returns the error. Several threads call it at once.
  using Factory = std::function<Result<std::unique_ptr<InstanceT>>()>;
  using Ready = std::move_only_function<void(Result<Lease>)>;
  using Drained = std::move_only_function<void()>;

  // Makes the warm instances on this thread. If one fails, tick() tries again.
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

  // Rejects all waiting and future callers, drops idle instances, and calls `drained` when the last lease is back.
  // The pool may be destroyed in that callback.
  void shutdown(Drained drained);

  std::uint32_t active_count() const {
    return locked([this] { return policy_.active(); });
  }
  std::uint32_t available_count() const {
    return locked([this] { return policy_.idle(); });
  }
  std::uint32_t waiting_count() const {
    return locked([this] { return policy_.waiting(); });
  }
  // Resident bytes of linear memory in all instances. Active instances count as they were when they were given out,
  // because only the thread that runs an instance may look into it.
  std::uint64_t total_memory() const {
    return locked([this] { return total_memory_; });
  }
  // A consistent copy of all counts.
  PoolStats stats() const;

 private:
  friend class BasicLease<InstanceT>;

  struct Place {
    std::unique_ptr<InstanceT> instance;  // null while a lease has it
    std::uint64_t bytes = 0;
  };
  struct Question {
    Ready ready;
    std::uint64_t asked_us = 0;
  };
  // The caller of the event that is being decided; moved to waiting_ only if the policy says so.
  struct Caller {
    std::optional<CallerId> id;
    Question question;
  };
  struct Creation {
    SlotId slot;
    Caller caller;
  };
  struct Answer {
    Ready ready;
    Result<Lease> lease;
  };
  // Work for after the lock is released.
  struct Work {
    boost::container::small_vector<std::unique_ptr<InstanceT>, 1> dropped;
    boost::container::small_vector<Creation, 1> creations;
    boost::container::small_vector<Answer, 1> answers;
    std::vector<Drained> drained;
  };
  // A thread that is calling callbacks. If a callback gives a lease back, the resulting callbacks are queued here:
  // nested calls would need stack for all waiting callers.
  struct Answering {
    const BasicInstancePool* pool;
    Answering* outer;
    std::deque<Answer> answers;
    std::vector<Drained> drained;
  };
  enum class AnswerWhen : bool { kNow, kAfterOuter };

  template <class Read>
  auto locked(Read read) const {
    const std::lock_guard lock(mutex_);
    return read();
  }

  void ask(Ready ready, IfBusy if_busy, std::uint64_t until_ms);
  std::int64_t default_deadline() const {
    return clock_.monotonic_ms() + static_cast<std::int64_t>(options_.queue_timeout_ms);
  }
  void take_back(SlotId slot, std::unique_ptr<InstanceT> instance, std::optional<Retired> broken);
  static std::optional<Retired> put_to_rest(InstanceT& instance, std::optional<Retired> broken);

  // Under the lock. `now_us` is the time of the event.
  void carry_out(PoolPolicy::Decisions decisions, std::uint64_t now_us, Caller& caller, Work& work);
  Question question_of(CallerId id, Caller& caller);
  void place(SlotId slot, std::unique_ptr<InstanceT> instance, std::uint64_t bytes);
  std::unique_ptr<InstanceT> drop(const Drop& drop);

  // Without the lock.
  void finish(Work& work, AnswerWhen when);
  Result<std::unique_ptr<InstanceT>> make();
  void create(Creation creation, Work& work);
  void answer(Work& work, AnswerWhen when);

  static inline thread_local Answering* answering_ = nullptr;

  const PoolOptions options_;
  const Clock& clock_;
  const Factory factory_;
  mutable std::mutex mutex_;
  PoolPolicy policy_;
  std::vector<Place> places_;  // by slot
  std::unordered_map<CallerId, Question> waiting_;
  std::vector<Drained> drained_;
  CallerId last_caller_ = 0;
  std::uint64_t total_memory_ = 0;
  std::uint64_t created_ = 0;
  std::array<std::uint64_t, kRetiredCount> retired_{};
  WaitTimes waits_;
  bool is_renewed_ = true;         // at most min_instances have been needed since they were made
  std::uint64_t fresh_bytes_ = 0;  // of the latest new instance
};

}  // namespace nexus::pool

#include "nexus/sandbox/pool/basic_pool_impl.h"
