// The thread-safe shell around PoolPolicy: it keeps the instances and the callbacks, and carries out decisions. A
// template, so that its tests need no WebAssembly; the rest of the program uses instance_pool.h.
//
//   under the lock      policy decides; instances and callbacks change hands
//   after the lock      1. dropped instances are destroyed   (milliseconds each)
//                       2. new ones are made, and reported under the lock again
//                       3. callers are answered, `drained` last
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

// An instance that is in use; gives it back when it goes out of scope, whatever happens. An execution that is still
// under way then is cancelled: what its request points to must outlive the lease. Not thread-safe.
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

  // The instance will not be used again, and why. Without it a terminated instance counts as kTrap.
  void retire(Retired why) { broken_ = why; }
  // As going out of scope. The lease is empty afterwards.
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

// Thread-safe. Must outlive its leases. No callback is called under the lock, and none may throw.
template <class InstanceT>
class BasicInstancePool {
 public:
  using Lease = BasicLease<InstanceT>;
  // Makes an instance or says why not. Called by several threads at once.
  using Factory = std::function<Result<std::unique_ptr<InstanceT>>()>;
  using Ready = std::move_only_function<void(Result<Lease>)>;
  using Drained = std::move_only_function<void()>;

  // Makes the warm instances on this thread. When one fails, tick() tries again.
  BasicInstancePool(const PoolOptions& options, const Clock& clock, Factory factory);
  ~BasicInstancePool();

  // Gives an instance to `ready`: at once, on this thread, when one is there or may be made; otherwise later, on the
  // thread that gives one back. kOverloaded when the queue is full or it took longer than the time limit, the factory's
  // error when no instance could be made, or kShuttingDown.
  void acquire(Ready ready) { acquire(std::move(ready), default_deadline()); }
  // The same with a deadline of the caller, by the monotonic clock.
  void acquire(Ready ready, std::int64_t until_ms) {
    ask(std::move(ready), IfBusy::kWait, static_cast<std::uint64_t>(until_ms));
  }
  // The same without waiting: kOverloaded instead.
  Result<Lease> try_acquire();
  // Refuses those who have waited too long, drops idle instances, and replaces warm ones. Call it about every 100 ms.
  void tick();
  // Drops idle instances now, the longest unused first, until so many bytes have been given back or only min_instances are
  // left; gives how many bytes were.
  std::uint64_t reclaim(std::uint64_t bytes);
  // Goes back to fresh instances, minInstances of them, when there were more or they hold more than twice as much, `most`
  // in one call: false when nothing is left to do. tick() makes new ones.
  bool renew(std::size_t most);

  // Refuses all who wait and all who come, drops the idle, and calls `drained` when the last lease is back. The pool may
  // be destroyed in that call.
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
  // Bytes of linear memory resident in all instances: of the idle as they are, of the active as they were when handed out
  // (only the thread that runs an instance may look into it).
  std::uint64_t total_memory() const {
    return locked([this] { return total_memory_; });
  }
  // All counts of one moment.
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
  // Who asks in the event that is being decided; not in waiting_ unless it is decided so.
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
  // What is left to do after the lock.
  struct Work {
    boost::container::small_vector<std::unique_ptr<InstanceT>, 1> dropped;
    boost::container::small_vector<Creation, 1> creations;
    boost::container::small_vector<Answer, 1> answers;
    std::vector<Drained> drained;
  };
  // A thread that is answering. Leases given back meanwhile by the callbacks leave their answers to it: each answer
  // calling the next would need as much stack as callers wait.
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
  bool is_renewed_ = true;         // no more than min_instances have been needed since they were made
  std::uint64_t fresh_bytes_ = 0;  // of the latest that was made
};

}  // namespace nexus::pool

#include "nexus/sandbox/pool/basic_pool_impl.h"
