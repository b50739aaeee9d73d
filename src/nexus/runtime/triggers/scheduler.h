// What starts tools without a call: time, events, changes of state. For the panels of one loop.
//
//   interval, cron ─────────────► ┌─ a queue for each tool ─┐
//   a commit: events, changes ──► │ at most kMostWaiting   │ ─► Executions::run(), one after another ─► a kept result
//   events of other loops ──────► └────────────────────────┘
//
// A tick that finds its queue busy is skipped, so that the ticks of a slow handler don't pile up; ticks that nobody saw, because
// the process was stopped, are due once. What comes by events and changes waits in its queue; when that is full it is dropped.
// A tool that keeps its name and its trigger keeps its queue when its panel is replaced. All of it is counted
// (nexus_triggers_total).
//
// Thread safety: none; it belongs to one loop, which must not run any more when it is destroyed.
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
#include "nexus/runtime/loop/loop.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/triggers/trigger_queue.h"

namespace nexus::triggers {

class Scheduler {
 public:
  static constexpr std::size_t kMostWaiting = 64;  // for one tool
  static constexpr std::uint32_t kMostDepth = 8;   // of a chain, in which one execution starts the next
  // Of values, before and after, that one commit has compared for the paths that are watched: some 10 ms.
  static constexpr std::uint64_t kMostComparedBytes = 16 << 20;

  // All must outlive it.
  Scheduler(const LoopGroup<Scheduler>& loops, const Clock& clock, executions::Executions& executions,
            budget::Ledger& ledger, metrics::Probes& probes);

  // Puts the triggers of the panel's definition into force, in place of those that it had.
  void put(const std::shared_ptr<panels::Panel>& panel);
  void remove(const panels::Panel& panel);

  // To be called right before a panel of this loop commits what `cause` has left, in the same turn.
  void committed(const executions::ToolCall& cause, const Journal& journal) noexcept;

  // Starts what is due by the clock. Called by itself; tests turn the clock's hands and call it.
  void start_due();

  // No more is started.
  void stop();

  // ---- between loops ----
  // A panel that is or may be of this loop has a follower on another, or none any more.
  void follow(const std::string& source, std::size_t loop);
  void unfollow(const std::string& source, std::size_t loop);
  // An event of it, for those of this loop that follow it. `what`: null when there was no memory for it.
  void deliver(const std::string& source, std::string_view event, const TriggerPayloadPtr& what,
               std::uint32_t depth);

 private:
  using Due = std::set<std::pair<std::int64_t, TriggerQueuePtr>>;

  // ---- what is in force ----
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

  // ---- scheduler_changes.cpp: what a commit brings ----
  void happened(const Event& event, const executions::ToolCall& cause, const PanelQueues* own,
                const std::set<std::size_t>* followers);
  void changed(const StateMutation& mutation, const executions::ToolCall& cause, const PanelQueues& own,
               std::uint64_t& most_bytes);
  TriggerPayloadPtr make(std::string args_json, std::string path = {});

  // ---- the queues ----
  void add(const TriggerQueuePtr& queue, TriggerQueue::Job job);
  void wake(const TriggerQueuePtr& queue);
  void on_no_memory(TriggerQueue& queue);
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
  std::unordered_map<std::string, std::set<std::size_t>>
      followers_;                                             // loops, by the panel whose events they want
  std::unordered_map<std::string, TriggerQueues> following_;  // queues of this loop, by the same
  Due intervals_, crons_;
  std::int64_t seen_unix_ms_ = 0;
  LogThrottle refusals_, uncompared_;
  bool is_stopped_ = false;
};

}  // namespace nexus::triggers
