// Which instance goes to whom, who waits and who is refused: decisions on numbers, without clock, threads or memory.
// InstancePool tells it what happened and carries out what it decides.
//
//             created ┌──────────────────────── hand-over to the first who waits ─┐
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
  // Raise: more executions at once, each with its memory; lower: they wait sooner. At least 1.
  std::uint32_t max_instances = 1024;
  std::uint32_t min_instances = 2;  // so many are made at start, and so many idle ones are never dropped
  std::uint32_t max_queue = 1024;   // callers that may wait
  std::uint64_t queue_timeout_ms = 2000;     // 0: nobody waits
  std::uint64_t max_executions = 1'000'000;  // an instance is retired after so many
  std::uint64_t max_idle_ms = 10'000;  // beyond min_instances, an instance unused for so long is dropped
};

enum class Retired : std::uint8_t { kTrap, kCancel, kAge, kIdle, kShutdown };  // metric label `reason`
inline constexpr std::size_t kRetiredCount = 5;

using CallerId = std::uint64_t;  // chosen by the pool, never twice
using SlotId = std::uint32_t;    // the place of an instance, below max_instances; used again once it is free

enum class IfBusy : bool { kWait, kRefuse };
enum class Refusal : std::uint8_t { kBusy, kQueueFull, kTimedOut, kShuttingDown };

// Caller takes the instance in the slot.
struct Give {
  CallerId caller;
  SlotId slot;
  bool operator==(const Give&) const = default;
};
// Make an instance and report created() or create_failed(); without a caller it is kept warm. If it fails, the caller
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
// The instance in the slot goes. Comes before a Create that takes its place.
struct Drop {
  SlotId slot;
  Retired why;
  bool operator==(const Drop&) const = default;
};
using Decision = std::variant<Give, Create, Wait, Refuse, Drop>;

// Not thread-safe. Times are milliseconds of any clock that never goes back.
//
// Always: the queue is in order of arrival and at most max_queue long; nobody waits while an instance is idle; instances
// and creations together are at most max_instances. A place may be free while callers wait only after a failed creation:
// one new attempt is made per event, so that one refusal of memory doesn't become a refusal of everyone who waits.
class PoolPolicy {
 public:
  using Decisions = std::span<const Decision>;  // in the order to be carried out; valid until the next event

  explicit PoolPolicy(const PoolOptions& options);

  Decisions start();  // before all else: the warm instances
  // The caller waits until `until_ms` at most.
  Decisions acquire(CallerId caller, IfBusy if_busy, std::uint64_t until_ms);
  // REQUIRES: Create was decided for the slot, and is reported once.
  Decisions created(SlotId slot, std::uint64_t now_ms);
  Decisions create_failed(SlotId slot);
  // The instance has run `executions` in all; `broken` says why it can't be used again. REQUIRES: it was given.
  Decisions release(SlotId slot, std::uint64_t executions, std::optional<Retired> broken,
                    std::uint64_t now_ms);
  Decisions tick(std::uint64_t now_ms);
  // Those unused for the longest time, until `keep` are left or `most` have gone.
  Decisions drop_idle(std::size_t keep, std::size_t most);
  Decisions shutdown();  // from now on nobody gets an instance

  std::uint32_t active() const { return active_; }
  std::uint32_t idle() const { return static_cast<std::uint32_t>(idle_.size()); }
  std::uint32_t creating() const { return creating_; }
  std::uint32_t waiting() const { return static_cast<std::uint32_t>(waiting_.size()); }
  // Shut down, and nothing is left.
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
  std::vector<SlotId> idle_;  // the last is the next to be given; so the first is idle for the longest time
  std::deque<Waiter> waiting_;
  std::uint32_t active_ = 0;
  std::uint32_t creating_ = 0;
  bool is_draining_ = false;
  std::vector<Decision> decisions_;  // of the last event: kept to save an allocation per event
};

}  // namespace nexus::pool
