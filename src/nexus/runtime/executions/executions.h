// Runs handlers on one loop: the panel's turn, the handler's image, an instance, slices, commit.
//
//   run() ─► turn ─► image in the cache? ─► bytes, instance ─► first slice, inline ─► more slices ─► commit ─► result
//             │            │ no: load it in      │ 503             │ kMore: RunQueue,     │
//             └ 429        │ the instance first                    │ sockets in between   └ waits: an Execution
//                          └ a handler that no longer loads        └ CANCELLED                 │
//                                                                                              ▼
//                       result, or waits again ◄─ commit ◄─ slices ◄─ instance ◄─ turn ◄─── answer (go_on)
//
// Thread safety: none; it belongs to one loop. Must outlive what it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/log_throttle.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/admission.h"
#include "nexus/runtime/executions/execution.h"
#include "nexus/runtime/executions/run_queue.h"
#include "nexus/runtime/executions/running_handlers.h"
#include "nexus/runtime/executions/suspensions.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/runtime/subscribers/subscribers.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::executions {

// What came of a call: its result, or an execution that waits.
struct Outcome {
  ExecutionResult result;
  ExecutionPtr execution;  // null: it has ended
};

class Executions {
 public:
  Executions(Executor executor, const Clock& clock, budget::Ledger& ledger, handlers::HandlerCache& cache,
             pool::InstancePool& pool, metrics::Probes& probes, sandbox::Runtime& runtime,
             subscribers::Subscribers& subscribers, Admission::Options admission = {},
             Suspensions::Options suspensions = {});

  // Called with an outcome before its changes are committed, to make of it what needs memory: nothing is committed when it
  // throws.
  using Tell = std::function<void(const ExecutionResult& result)>;

  // The outcome of its first segment, its changes moved to the panel's state; an error says that no part of it ran. Goes on
  // whether or not somebody still wants the answer. `tell` is called only when that was the last.
  Task<Result<Outcome>> run(ToolCall call, Tell tell = nullptr);

  // An execution that ends in this error before any part of it has run, for those who look for it.
  void refuse(ToolCall call, Error error);

  // Called right before a panel commits what `cause` has left; must not throw.
  using Watch = std::function<void(const ToolCall& cause, const Journal& journal)>;
  void watch(Watch watch) { watch_ = std::move(watch); }

  // ---- those that wait, and have waited ----
  ExecutionPtr find(std::string_view id) const;  // null: unknown, or ended too long ago
  const Suspensions& suspensions() const { return suspensions_; }
  // Answers a call of `external`. None: there is no such suspension, or it has been answered.
  ExecutionPtr resume(std::string_view suspension_id, extensions::Settlement settlement);
  // Ends it as CANCELLED, now or at the end of its slice; nothing happens when it has ended.
  void cancel(const ExecutionPtr& execution, std::string_view why);
  void cancel_all_of(const panels::Panel& panel);
  // Until it has ended, or the time is over.
  Task<void> wait_for_end(ExecutionPtr execution, std::chrono::milliseconds most = std::chrono::years(1));
  // Until nothing of it runs, or the time is over.
  Task<void> wait_for_rest(ExecutionPtr execution, std::chrono::milliseconds most);
  // Until it suspends or ends the next time, or the time is over.
  Task<void> wait_for_next(ExecutionPtr execution, std::chrono::milliseconds most);
  void for_each(const std::function<void(const Execution&)>& look) const;
  // What time brings: answers that did not come, deltas to be packed, results to be forgotten. About every 100 ms.
  void tick();

  // A handler's image, from the cache or loaded now. The errors are those of finish_load() and of the pool.
  Task<Result<std::shared_ptr<const handlers::Handler>>> load(std::string_view source, const Limits& limits);

  const Clock& clock() const { return clock_; }
  Executor executor() const { return executor_; }
  const RunningHandlers& running() const { return running_; }

  // Ends the slice that this loop may be in, so that it soon looks at what has been posted to it. Thread-safe.
  void preempt() {
    if (run_queue_.take_slice()) runtime_.end_slices();
  }

  // Gives up what can be: kept results, the room that raw deltas take, then see Admission.
  void reclaim(std::uint64_t bytes);
  // Goes back to fresh instances, some in each call: false when nothing is left to do.
  bool renew_instances();
  // Lets go of images that are of none of these.
  void keep_only(const std::unordered_set<std::string_view>& sources) { cache_.keep_only(sources); }

  // Cancels all that waits or will: nobody will answer it any more.
  void drain();
  // Cancels all that runs and all that will: the time for a shutdown is over.
  void abort() { is_aborted_ = true; }

 private:
  Task<Result<panels::Turn>> wait_for_turn(panels::Panel& panel);
  Task<Result<pool::Lease>> instance();
  Task<Result<pool::Lease>> wait_for_instance();
  Task<Result<std::shared_ptr<const handlers::Handler>>> load_in(sandbox::Instance& instance,
                                                                 std::string_view source,
                                                                 const Limits& limits);
  // `cancelled`: null, or asked before each slice.
  Task<void> remaining_slices(sandbox::Instance& instance, const panels::Panel* panel, const bool* cancelled);
  std::string make_id() const;
  sandbox::ExecutionRequest request_of(const ToolCall& call, const handlers::Handler& handler,
                                       bool cache_hit) const;
  void publish(const ToolCall& call, Journal& journal, State::Reservation room);
  void conclude(const ToolCall& call, ExecutionResult& result, const Tell& tell);

  // ---- executions_waiting.cpp ----
  ExecutionPtr keep(ToolCall call, std::string id, std::shared_ptr<const handlers::Handler> handler,
                    bool cache_hit);
  // Commits the segment and begins what it has called.
  void suspend(const ExecutionPtr& execution, sandbox::Segment segment);
  void tell_of_waits(const Execution& execution, std::size_t told);
  void on_answer(const ExecutionPtr& execution);
  Task<void> go_on(ExecutionPtr execution, metrics::Present state);
  // `refused_ms`: when there was no room for it first; none: it has not tried.
  Task<Result<void>> run_next_segment(ExecutionPtr execution, std::optional<std::int64_t> refused_ms,
                                      metrics::Present& state);
  Task<void> next_turn_of(const Execution& execution);
  bool gives_up(const ExecutionPtr& execution, std::int64_t refused_ms, const Error& want);
  void make_room_for(const Execution& execution);
  Result<budget::Grant> last_room_for(const Execution& execution);
  Task<std::optional<panels::Turn>> turn_ahead(panels::Panel& panel);
  Task<void> pause();
  // Of those that wait since then or earlier, first the first, until so many bytes are free or the turn has lasted long enough.
  // Gives the bytes that are.
  std::uint64_t pack(std::int64_t since_ms, std::uint64_t wanted_bytes);
  void leave_waiting(Execution& execution);
  enum class Until : std::uint8_t { kAtRest, kNext, kEnd };
  Task<void> wait(ExecutionPtr execution, std::chrono::milliseconds most, Until until);

  // ---- executions_ended.cpp ----
  void end(const ExecutionPtr& execution, ExecutionResult result);
  void lose(ExecutionResult& result);
  void end_with(const ExecutionPtr& execution, Error error);
  // What a trigger has started answers to nobody: the log is told.
  void tell_of_failure(const Execution& execution);
  void end_without_memory(const ExecutionPtr& execution);
  void end_the_lost();
  void cancel_if(const std::function<bool(const Execution&)>& is_one, std::string_view why);
  // Results that may still be asked for, in order of their ends.
  struct Kept {
    std::uint64_t most_bytes;
    std::size_t most;
    std::deque<ExecutionPtr> ended{};
    std::uint64_t bytes = 0;
  };
  Kept& kept_with(const Execution& execution);
  void forget_old_results(Kept& kept, std::int64_t now_ms);
  std::uint64_t forget_oldest(Kept& kept);
  void forget(Kept& kept, const Execution& execution);

  std::unexpected<Error> refused(Error error, const panels::Panel* panel) const;

  Executor executor_;
  const Clock& clock_;
  handlers::HandlerCache& cache_;
  pool::InstancePool& pool_;
  metrics::Probes& probes_;
  sandbox::Runtime& runtime_;
  budget::Ledger& ledger_;
  subscribers::Subscribers& subscribers_;
  RunQueue run_queue_;
  RunningHandlers running_;
  Admission admission_;
  Suspensions suspensions_;
  std::size_t loops_, own_;
  std::unordered_map<std::string_view, ExecutionPtr> kept_;  // by their id
  struct Suspended {
    std::int64_t since_ms;
    std::weak_ptr<Execution> execution;
  };
  std::deque<Suspended> unpacked_;  // in order; some of them go on already
  // Of callers and of triggers apart: what starts each second must not push out what a caller has still to ask for.
  Kept called_{.most_bytes = 4 << 20, .most = 10'000}, triggered_{.most_bytes = 1 << 20, .most = 1'000};
  Watch watch_;
  LogThrottle failures_;
  std::int64_t given_up_ms_ = 0, made_room_ms_ = 0;  // the last one for want of room; for one who goes on
  bool is_draining_ = false, is_aborted_ = false, has_lost_ = false;
};

// Which of the loops an execution's id is of, whether or not there is such an execution.
std::size_t loop_of_execution(std::string_view id, std::size_t loops);

}  // namespace nexus::executions
