// Decides which caller gets which instance, which waits and which is rejected. Pure: no clock, threads or memory.
// InstancePool reports the events and carries out the decisions.
//
//             created ┌──────────────────────── hand-over to the first waiter ────┐
//   free ──► creating ┴──► idle ──acquire──► active ──release──┬──────────────────┘
//    ▲          │ failed    │ too long                         ├──► idle, the next to be given
//    └──────────┴───────────┴──────────────────────────────────┴──► dropped: broken, aged, shutting down
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace nexus::pool {

struct PoolOptions {
  // Raised: more executions at once, each with its memory. Lowered: callers wait sooner. At least 1.
  std::uint32_t max_instances = 1024;
  std::uint32_t min_instances = 2;           // made at the start; this many idle instances are never dropped
  std::uint32_t max_queue = 1024;            // callers that may wait
  std::uint64_t queue_timeout_ms = 2000;     // 0: callers never wait
  std::uint64_t max_executions = 1'000'000;  // an instance is retired after this many
  std::uint64_t max_idle_ms = 10'000;  // an unused instance beyond min_instances is dropped after this time
};

enum class Retired : std::uint8_t { kTrap, kCancel, kAge, kIdle, kShutdown };  // metric label `reason`
inline constexpr std::size_t kRetiredCount = 5;

using CallerId = std::uint64_t;  // chosen by the pool; never reused
using SlotId = std::uint32_t;    // the place of an instance, below max_instances; reused once it is free

enum class IfBusy : bool { kWait, kRefuse };
enum class Refusal : std::uint8_t { kBusy, kQueueFull, kTimedOut, kShuttingDown };

// The caller takes the instance in the slot.
struct Give {
  CallerId caller;
  SlotId slot;
  bool operator==(const Give&) const = default;
};
// Make an instance and report created() or create_failed(). Without a caller it is kept warm. If it fails, the caller
// gets the error.
struct Create {
  std::optional<CallerId> caller;
  SlotId slot;
  bool operator==(const Create&) const = default;
};
struct Wait {
  CallerId caller;
  bool operator==(const Wait&) const = default;
};
struct Refuse {
  CallerId caller;
  Refusal why;
  bool operator==(const Refuse&) const = default;
};
// Drop the instance in the slot. Comes before a Create in the same slot.
struct Drop {
  SlotId slot;
  Retired why;
  bool operator==(const Drop&) const = default;
};
using Decision = std::variant<Give, Create, Wait, Refuse, Drop>;

// Not thread-safe. Times are milliseconds of any monotonic clock.
//
// Invariants: the queue is in order of arrival and at most max_queue long; no caller waits while an instance is idle;
// instances and creations together are at most max_instances. A place is free while callers wait only after a failed
// creation: each event makes one new attempt, so that one refusal of memory does not reject all waiting callers.
class PoolPolicy {
 public:
  using Decisions = std::span<const Decision>;  // in order of execution; valid until the next event

  explicit PoolPolicy(const PoolOptions& options);

  Decisions start();  // the first event: creates the warm instances
  // The caller waits until `until_ms` at most.
  Decisions acquire(CallerId caller, IfBusy if_busy, std::uint64_t until_ms);
  // REQUIRES: a Create was decided for the slot and has not been reported yet.
  Decisions created(SlotId slot, std::uint64_t now_ms);
  Decisions create_failed(SlotId slot);
  // `executions`: the total of the instance. `broken`: the reason why it cannot be reused. REQUIRES: it was given.
  Decisions release(SlotId slot, std::uint64_t executions, std::optional<Retired> broken,
                    std::uint64_t now_ms);
  Decisions tick(std::uint64_t now_ms);
  // Drops the longest unused instances until `keep` are left or `most` have been dropped.
  Decisions drop_idle(std::size_t keep, std::size_t most);
  Decisions shutdown();  // from now on no caller gets an instance

  std::uint32_t active() const { return active_; }
  std::uint32_t idle() const { return static_cast<std::uint32_t>(idle_.size()); }
  std::uint32_t creating() const { return creating_; }
  std::uint32_t waiting() const { return static_cast<std::uint32_t>(waiting_.size()); }
  // True after shutdown() when no instance is left.
  bool is_drained() const { return is_draining_ && active_ + creating_ + idle() == 0; }

 private:
  enum class Status : std::uint8_t { kFree, kCreating, kIdle, kActive };
  struct Slot {
    Status status = Status::kFree;
    std::optional<CallerId> creating_for{};
    std::uint64_t idle_since_ms = 0;
  };
  struct Waiter {
    CallerId caller;
    std::uint64_t until_ms;
  };

  std::uint32_t total() const { return active_ + creating_ + idle(); }
  Decisions decided() const { return decisions_; }
  SlotId free_slot();
  CallerId next_waiter();
  void give(CallerId caller, SlotId slot);
  void drop(SlotId slot, Retired why);
  void drop_first_idle(std::size_t count);
  void create_for(std::optional<CallerId> caller);
  void create_for_next_waiter();
  void hand_over_or_keep(SlotId slot, std::uint64_t now_ms);

  PoolOptions options_;
  std::vector<Slot> slots_;
  std::vector<SlotId> idle_;  // the last is the next to be given, the first has been idle longest
  std::deque<Waiter> waiting_;
  std::uint32_t active_ = 0;
  std::uint32_t creating_ = 0;
  bool is_draining_ = false;
  std::vector<Decision> decisions_;  // of the last event; kept to save an allocation per event
};

}  // namespace nexus::pool
