// Runs handlers on one loop: the panel's turn, the handler's image, an instance, slices, commit.
//
//   run() ─► turn ─► image in the cache? ─► bytes, instance ─► first slice, inline ─► more slices ─► commit ─► result
//             │            │ no: load it in      │ 503             │ kMore: RunQueue, sockets in between
//             └ 429        │ the instance first                  └ removed panel, abort(): CANCELLED
//                          └ a handler that no longer loads
//
// Thread safety: none; it belongs to one loop. Must outlive what it runs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "nexus/base/clock.h"
#include "nexus/handlers/handler_cache.h"
#include "nexus/metrics/probes.h"
#include "nexus/panels/panel.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/sandbox/runtime.h"
#include "nexus/server/admission.h"
#include "nexus/server/audience.h"
#include "nexus/server/loop.h"
#include "nexus/server/run_queue.h"

namespace nexus::server {

// One call of a tool.
struct ToolCall {
  std::shared_ptr<panels::Panel> panel;
  // In force when the call came, and kept for it: it may be replaced while the call waits or runs.
  std::shared_ptr<const panels::Definition> definition;
  const panels::Tool* tool;    // of that definition
  std::string_view args_json;  // one JSON object, already checked; valid until run() is done
};

class Executions {
 public:
  Executions(Executor executor, const Clock& clock, budget::Ledger& ledger, handlers::HandlerCache& cache,
             pool::InstancePool& pool, metrics::Probes& probes, sandbox::Runtime& runtime, Audience& audience,
             Admission::Options admission = {});

  // The outcome, its changes committed; an error says that no part of it ran. Goes on whether or not somebody still
  // wants the answer.
  Task<Result<sandbox::ExecutionResult>> run(ToolCall call);

  // A handler's image, from the cache or loaded now. The errors are those of finish_load() and of the pool.
  Task<Result<std::shared_ptr<const handlers::Handler>>> load(std::string_view source,
                                                              const sandbox::Limits& limits);

  const Clock& clock() const { return clock_; }

  // Ends the slice that this loop may be in, so that it soon looks at what has been posted to it. Thread-safe.
  void hurry() {
    if (run_queue_.take_slice()) runtime_.end_slices();
  }

  // See Admission.
  void reclaim(std::uint64_t bytes) { admission_.reclaim(bytes); }
  // Goes back to fresh instances, some in each call: false when nothing is left to do.
  bool renew_instances();
  // Lets go of images that are of none of these.
  void keep_only(const std::unordered_set<std::string_view>& sources) { cache_.keep_only(sources); }

  // Cancels all that runs and all that will: the time for a shutdown is over.
  void abort() { is_aborted_ = true; }

 private:
  Task<Result<panels::Turn>> wait_for_turn(panels::Panel& panel);
  Task<Result<pool::Lease>> instance();
  Task<Result<pool::Lease>> wait_for_instance();
  Task<Result<std::shared_ptr<const handlers::Handler>>> load_in(sandbox::Instance& instance,
                                                                 std::string_view source,
                                                                 const sandbox::Limits& limits);
  Task<void> remaining_slices(sandbox::Instance& instance, const panels::Panel* panel);
  void conclude(const ToolCall& call, const sandbox::ExecutionResult& result);
  std::unexpected<Error> refused(Error error, const panels::Panel* panel) const;

  Executor executor_;
  const Clock& clock_;
  handlers::HandlerCache& cache_;
  pool::InstancePool& pool_;
  metrics::Probes& probes_;
  sandbox::Runtime& runtime_;
  Audience& audience_;
  RunQueue run_queue_;
  Admission admission_;
  bool is_aborted_ = false;
};

}  // namespace nexus::server
