// Starts the tools of one loop's panels that have a trigger: a schedule, an event, or a change of state.
//
//   interval, cron ─────────────► ┌─ a queue for each tool ─┐
//   a commit: events, changes ──► │ of at most kMostWaiting │ ─► Executions::run(), one after another ─► a kept result
//   events of other loops ──────► └─────────────────────────┘
//
// A tick that finds the queue of its tool busy is skipped, so that the ticks of a slow handler don't pile up. Ticks
// that were missed while the process was suspended or its loop was blocked start the tool once. Payloads of events and
// changes wait in the queue; a full queue drops them. A tool that keeps its name and trigger when its panel is replaced
// keeps its queue. Each outcome is counted (nexus_triggers_total).
//
// Thread safety: none; it belongs to one loop. REQUIRES: the loop does not run any more when this object is destroyed.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/tool_calls.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/triggers/trigger_queue.h"

namespace nexus::triggers {

class Scheduler {
 public:
  static constexpr std::size_t kMostWaiting = 64;  // for one tool
  static constexpr std::uint32_t kMostDepth =
      8;  // of a chain: an event or change of one execution starts the next one
  // Bytes of values, before and after, that one commit may compare for state_change triggers: about 10 ms.
  static constexpr std::uint64_t kMostComparedBytes = 16 << 20;

  // All arguments must outlive this object.
  Scheduler(const LoopGroup<Scheduler>& loops, const Clock& clock, executions::Executions& executions,
            budget::Ledger& ledger, metrics::Probes& probes);

  // Activates the triggers of the panel's definition, in place of the panel's earlier triggers.
  void put(const std::shared_ptr<panels::Panel>& panel);
  void remove(const panels::Panel& panel);

  // Queues the tools that `journal` triggers. REQUIRES: called right before the panel commits `journal`, in the same
  // turn of the loop.
  void committed(const executions::ToolCall& cause, const Journal& journal) noexcept;

  // Starts all tools that are due by the clock. A timer calls it; tests advance the clock and call it themselves.
  void start_due();

  // Starts no further tool and drops all queued jobs.
  void stop();

  // ---- between loops ----
  // Loop `loop` has, or has no longer, event triggers that follow the panel `source`. `source` belongs to this loop and
  // need not exist.
  void follow(const std::string& source, std::size_t loop);
  void unfollow(const std::string& source, std::size_t loop);
  // Queues the tools of this loop that follow `source` and match `event`. `what`: null when there was no memory for it.
  void deliver(const std::string& source, std::string_view event, const TriggerPayloadPtr& what,
               std::uint32_t depth);

 private:
  using Due = std::set<std::pair<std::int64_t, TriggerQueuePtr>>;

  // ---- active triggers ----
  void begin(PanelQueues& queues, const TriggerQueuePtr& queue);
  void enlist(PanelQueues& queues, const TriggerQueuePtr& queue);
  void end(const TriggerQueuePtr& queue);
  void follow(const TriggerQueuePtr& queue, const std::string& source);
  void unfollow(const TriggerQueuePtr& queue, const std::string& source);
  template <class Call>
  void on_loop_of(const std::string& source, Call call);

  // ---- time ----
  void start_due(Due& due, std::int64_t now_ms);
  std::optional<std::int64_t> next_due(const TriggerQueue& queue, std::int64_t now_ms) const;
  void recompute_crons(std::int64_t now_unix_ms);
  void set_alarm();

  // ---- triggers of a commit: the other source file of this class ----
  void happened(const Event& event, const executions::ToolCall& cause, const PanelQueues* own,
                const std::set<std::size_t>* followers);
  void changed(const StateMutation& mutation, const executions::ToolCall& cause, const PanelQueues& own,
               std::uint64_t& most_bytes);
  TriggerPayloadPtr make(std::string args_json, std::string path = {});

  // ---- the queues ----
  void add(const TriggerQueuePtr& queue, TriggerQueue::Job job);
  void wake(const TriggerQueuePtr& queue);
  Task<void> work(TriggerQueuePtr queue);
  Task<void> run(TriggerQueuePtr queue, TriggerQueue::Job job);
  void count(const TriggerQueue& queue, metrics::TriggerProbe::Outcome came, std::uint64_t times = 1) {
    probes_.triggers.record(queue.type(), came, times);
  }

  const LoopGroup<Scheduler>& loops_;
  const Clock& clock_;
  executions::Executions& executions_;
  budget::Ledger& ledger_;
  metrics::Probes& probes_;
  Timer alarm_;
  std::unordered_map<const panels::Panel*, PanelQueues> by_panel_;
  // Loops that follow the panel's events, by panel.
  std::unordered_map<std::string, std::set<std::size_t>> followers_;
  // Queues of this loop that follow it, by panel.
  std::unordered_map<std::string, TriggerQueues> following_;
  Due intervals_, crons_;
  std::int64_t seen_unix_ms_ = 0;
  LogThrottle refusals_, uncompared_;
  bool is_stopped_ = false;
};

}  // namespace nexus::triggers
