// Runs handlers on one event loop: turn of the panel, bytes, instance, slices, commit.
//
//   run() ───► acquire ─► enter ─► slices ─► settle ─► ended: the result
//                │          ▲         kMore: RunQueue   │
//                └ refused  │         between slices    └ suspended: an Execution, whose extension calls begin
//                           │                                       │
//   on_answer() ─► drive ───┘ ◄───────── answer ◄───────────────────┘
//
// Thread safety: none; it belongs to one loop. Must outlive what it runs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/end_reason.h"
#include "nexus/foundation/base/log_throttle.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/admission.h"
#include "nexus/runtime/executions/execution.h"
#include "nexus/runtime/executions/execution_table.h"
#include "nexus/runtime/executions/hibernation.h"
#include "nexus/runtime/executions/run_queue.h"
#include "nexus/runtime/executions/running_handlers.h"
#include "nexus/runtime/executions/segment_run.h"
#include "nexus/runtime/executions/suspensions.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/runtime/panels/panel.h"
#include "nexus/runtime/subscribers/subscribers.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::executions {

// How the first segment of a call was settled.
struct Outcome {
  ExecutionResult result;
  ExecutionPtr execution;  // null: the call has ended with `result`
};

class Executions {
 public:
  Executions(Executor executor, const Clock& clock, budget::Ledger& ledger, handlers::HandlerCache& cache,
             pool::InstancePool& pool, metrics::Probes& probes, sandbox::Runtime& runtime,
             subscribers::Subscribers& subscribers, Admission::Options admission = {},
             Suspensions::Options suspensions = {});

  // Renders the response to a call from its result, before the changes are committed.
  using BeforeCommit = std::function<void(const ExecutionResult& result)>;

  // Runs the first segment and commits it. An error says that no part of the handler ran. The call goes on when the caller is
  // gone. `before_commit` is called only when the first segment is the last.
  Task<Result<Outcome>> run(ToolCall call, BeforeCommit before_commit = nullptr);

  // Records an execution that ends in `error` before any part of it runs.
  void refuse(ToolCall call, Error error);

  // Called right before a panel commits the `journal` of `cause`. Must not throw.
  using Watch = std::function<void(const ToolCall& cause, const Journal& journal)>;
  void watch(Watch watch) { watch_ = std::move(watch); }

  // ---- executions that have an id ----
  ExecutionPtr find(std::string_view id) const { return table_.find(id); }  // null: unknown, or forgotten
  void for_each(const std::function<void(const Execution&)>& look) const { table_.for_each(look); }
  const Suspensions& suspensions() const { return suspensions_; }
  // Answers a suspension of the extension `external`. REQUIRES: suspensions().get_suspended() has just found it.
  void resume(const Suspensions::Found& suspension, extensions::Settlement settlement);
  // Ends the execution as CANCELLED: now if it is suspended, at the end of its slice if it runs.
  void cancel(const ExecutionPtr& execution, EndReason reason);
  void cancel_all_of(const panels::Panel& panel);
  // Wait until the execution has ended, until no segment of it runs, or until it suspends or ends the next time; in any case not
  // longer than `most`.
  Task<void> wait_for_end(ExecutionPtr execution, std::chrono::milliseconds most = std::chrono::years(1));
  Task<void> wait_for_rest(ExecutionPtr execution, std::chrono::milliseconds most);
  Task<void> wait_for_next(ExecutionPtr execution, std::chrono::milliseconds most);

  // Expires suspensions and waits for turns, hibernates, forgets results. To be called about every 100 ms.
  void tick();

  // The image of a handler, from the cache or loaded now. Errors: those of Instance::finish_load() and of the pool.
  Task<Result<std::shared_ptr<const handlers::Handler>>> load(std::string_view source, const Limits& limits);

  const Clock& clock() const { return clock_; }
  Executor executor() const { return executor_; }
  const RunningHandlers& running() const { return running_; }

  // Ends the current slice early, because work was posted to this loop. Thread-safe.
  void preempt() {
    if (run_queue_.take_slice()) runtime_.end_slices();
  }

  // Frees `bytes`: first kept results, then by hibernation, then as Admission does.
  void reclaim(std::uint64_t bytes);
  // Replaces instances by fresh ones, a few in each call. False: nothing is left to do.
  bool renew_instances();
  // Drops the images of all other handlers.
  void keep_only(const std::unordered_set<std::string_view>& sources) { cache_.keep_only(sources); }

  // Cancels every execution that is suspended or will be.
  void drain();
  // Cancels every execution that runs or will run: the time for a shutdown is over.
  void abort() { is_aborted_ = true; }

 private:
  // ---- executions_segment.cpp ----
  bool begin_now(SegmentRun& run);
  Task<Result<void>> begin(SegmentRun& run);
  Task<Result<void>> take_turn(SegmentRun& run);
  Task<Result<void>> reserve_growth(SegmentRun& run);
  bool take_idle_instance(SegmentRun& run);
  Task<Result<void>> take_instance(SegmentRun& run);
  Task<Result<void>> load_handler(SegmentRun& run);
  Task<Result<void>> restore(SegmentRun& run);
  void look_up(SegmentRun& run);
  void start(SegmentRun& run);
  Task<void> remaining_slices(SegmentRun& run);
  Task<void> slices_of(sandbox::Instance& instance, const SegmentRun* run);
  Result<Outcome> settle(SegmentRun& run, const BeforeCommit& before_commit);
  ExecutionResult finish(SegmentRun& run);
  std::optional<EndReason> end_reason(const SegmentRun& run) const;
  Result<void> may_go_on(const SegmentRun& run) const;
  sandbox::ExecutionRequest request_of(const SegmentRun& run) const;
  std::int64_t deadline() const;

  // ---- executions.cpp ----
  Task<Result<pool::Lease>> instance(std::int64_t until_ms);
  Task<Result<pool::Lease>> wait_for_instance(std::int64_t until_ms);
  Task<Result<std::shared_ptr<const handlers::Handler>>> load_in(sandbox::Instance& instance,
                                                                 std::string_view source,
                                                                 const Limits& limits);
  std::string make_id() const;
  std::unexpected<Error> refused(Error error, const panels::Panel* panel) const;
  enum class Until : std::uint8_t { kAtRest, kNext, kEnd };
  Task<void> wait(ExecutionPtr execution, std::chrono::milliseconds most, Until until);

  // ---- executions_commit.cpp ----
  ExecutionPtr make_execution(ToolCall call, std::string id, std::shared_ptr<const handlers::Handler> handler,
                              bool cache_hit) const;
  void commit(const ToolCall& call, Journal& journal) noexcept;
  void suspend(const ExecutionPtr& execution, sandbox::Segment segment);
  void begin_calls(const ExecutionPtr& execution, std::vector<sandbox::ExtensionCall> calls) noexcept;
  void end_at_once(const ToolCall& call, ExecutionResult& result, const BeforeCommit& before_commit);
  void end(const ExecutionPtr& execution, ExecutionResult result);
  void end_with(const ExecutionPtr& execution, Error error);
  void log_failure(const Execution& execution);
  void cancel_if(const ExecutionTable::Predicate& is_one, EndReason reason);
  void leave_suspended(const Execution& execution) noexcept;

  // ---- executions_resume.cpp ----
  void on_answer(const ExecutionPtr& execution) noexcept;
  Task<void> drive(ExecutionPtr execution, metrics::Present state);
  Task<Result<void>> run_segment(const ExecutionPtr& execution, bool may_use_start_reserve,
                                 metrics::Present& state);
  Task<void> next_turn_of(const Execution& execution);
  bool gives_up(const ExecutionPtr& execution, std::int64_t refused_ms, const Error& want);
  void make_room_for(const Execution& execution);
  Task<void> pause();

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
  Hibernation hibernation_;
  ExecutionTable table_;
  std::size_t loops_, own_;
  std::map<std::string, std::shared_ptr<panels::Panel>> busy_panels_;  // calls wait for their turns; by id
  Watch watch_;
  LogThrottle failures_;
  std::int64_t given_up_ms_ = 0;   // the last time that a resumed execution ended for want of room
  std::int64_t made_room_ms_ = 0;  // the last time that room was made for one
  bool is_draining_ = false, is_aborted_ = false;
};

// The index of the loop that an execution's id names, whether or not there is such an execution.
std::size_t loop_of_execution(std::string_view id, std::size_t loops);

}  // namespace nexus::executions
