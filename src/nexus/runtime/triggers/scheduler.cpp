#include "nexus/runtime/triggers/scheduler.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "nexus/foundation/base/log.h"
#include "nexus/foundation/base/time_text.h"
#include "nexus/runtime/loop/placement.h"

namespace nexus::triggers {
namespace {

using Job = TriggerQueue::Job;
using Came = metrics::TriggerProbe::Outcome;

constexpr int kMostTries = 5;  // of one start, while there is no room for the execution
constexpr std::chrono::milliseconds kLeastPause{100}, kMostPause{2000};
// The longest time between two looks at the wall clock, which may be set meanwhile.
constexpr std::chrono::milliseconds kLongestSleep{1000};
constexpr std::int64_t kSetBackMs = 1000;

std::string tick_args(std::int64_t unix_ms) {
  return fmt::format(R"({{"scheduledAt":"{}"}})", as_time(unix_ms));
}

bool may_pass(ErrorCode code) { return code == ErrorCode::kOverloaded || code == ErrorCode::kPanelBusy; }

Error chain_too_long() {
  return {.code = ErrorCode::kResourceLimit,
          .message = fmt::format("a chain of triggers ends at depth {}: one execution has started the next",
                                 Scheduler::kMostDepth),
          .limit = LimitReached{"handler", "triggers", Scheduler::kMostDepth, Scheduler::kMostDepth + 1}};
}

}  // namespace

Scheduler::Scheduler(const LoopGroup<Scheduler>& loops, const Clock& clock,
                     executions::Executions& executions, budget::Ledger& ledger, metrics::Probes& probes)
    : loops_(loops),
      clock_(clock),
      executions_(executions),
      ledger_(ledger),
      probes_(probes),
      alarm_(loops.executor()),
      seen_unix_ms_(clock.unix_ms()) {}

// ---- active triggers ----

void Scheduler::put(const std::shared_ptr<panels::Panel>& panel) {
  PanelQueues queues;
  if (const auto found = by_panel_.find(panel.get()); found != by_panel_.end()) {
    queues = std::move(found->second);
    by_panel_.erase(found);
  }
  std::unordered_map<std::string, TriggerQueuePtr> earlier;
  for (TriggerQueuePtr& queue : queues.all)
    earlier.emplace(queue->tool->name, std::move(queue));
  queues = {};
  for (const panels::Tool& tool : panel->definition()->tools) {
    if (panels::type_of(tool.trigger) == TriggerType::kManual || is_stopped_) continue;
    const auto found = earlier.find(tool.name);
    if (found != earlier.end() && found->second->tool->trigger == tool.trigger) {
      const TriggerQueuePtr queue = std::move(earlier.extract(found).mapped());
      queue->tool = &tool;
      queue->definition = panel->definition();
      enlist(queues, queue);
    } else {
      begin(queues, std::make_shared<TriggerQueue>(panel, panel->definition(), &tool));
    }
  }
  for (const auto& [name, queue] : earlier)
    end(queue);
  if (queues.all.empty()) return;
  by_panel_.emplace(panel.get(), std::move(queues));
  set_alarm();
}

void Scheduler::remove(const panels::Panel& panel) {
  auto queues = by_panel_.extract(&panel);
  if (queues.empty()) return;
  for (const TriggerQueuePtr& queue : queues.mapped().all)
    end(queue);
}

void Scheduler::stop() {
  is_stopped_ = true;
  alarm_.cancel();
  for (auto& [panel, queues] : by_panel_) {
    for (const TriggerQueuePtr& queue : queues.all)
      queue->waiting.clear();
  }
}

void Scheduler::begin(PanelQueues& queues, const TriggerQueuePtr& queue) {
  const panels::Trigger& trigger = queue->tool->trigger;
  if (const auto* interval = std::get_if<panels::IntervalTrigger>(&trigger)) {
    queue->due_ms = clock_.monotonic_ms() + static_cast<std::int64_t>(interval->ms);
    intervals_.emplace(queue->due_ms, queue);
  } else if (const auto* cron = std::get_if<panels::CronTrigger>(&trigger)) {
    if (const auto due = cron->schedule->next_after(clock_.unix_ms())) {
      queue->due_ms = *due;
      crons_.emplace(*due, queue);
    }
  } else if (const std::string* source = queue->followed()) {
    follow(queue, *source);
  }
  enlist(queues, queue);
}

void Scheduler::enlist(PanelQueues& queues, const TriggerQueuePtr& queue) {
  queues.all.push_back(queue);
  if (queue->events() != nullptr && queue->followed() == nullptr) queues.on_events.push_back(queue);
  const auto* change = std::get_if<panels::StateChangeTrigger>(&queue->tool->trigger);
  if (change == nullptr) return;
  std::vector<PanelQueues::Watched>& watched = queues.by_key[change->parsed.key()];
  auto same = std::ranges::find(watched, change->parsed, &PanelQueues::Watched::path);
  if (same == watched.end()) same = watched.insert(same, {change->parsed, {}});
  same->queues.push_back(queue);
}

void Scheduler::end(const TriggerQueuePtr& queue) {
  queue->is_over = true;
  if (!queue->waiting.empty()) count(*queue, Came::kDropped, queue->waiting.size());
  queue->waiting.clear();
  intervals_.erase({queue->due_ms, queue});
  crons_.erase({queue->due_ms, queue});
  if (const std::string* source = queue->followed()) unfollow(queue, *source);
}

void Scheduler::follow(const TriggerQueuePtr& queue, const std::string& source) {
  TriggerQueues& queues = following_[source];
  queues.push_back(queue);
  if (queues.size() > 1) return;
  on_loop_of(source, [source, loop = loops_.own()](Scheduler& its) { its.follow(source, loop); });
}

void Scheduler::unfollow(const TriggerQueuePtr& queue, const std::string& source) {
  const auto found = following_.find(source);
  std::erase(found->second, queue);
  if (!found->second.empty()) return;
  following_.erase(found);
  on_loop_of(source, [source, loop = loops_.own()](Scheduler& its) { its.unfollow(source, loop); });
}

// Calls for the same source arrive in the order in which they were made.
template <class Call>
void Scheduler::on_loop_of(const std::string& source, Call call) {
  const std::size_t owner = owner_of(source, loops_.size());
  if (owner == loops_.own()) return call(*this);
  asio::post(loops_[owner].executor(), [its = loops_[owner].part, call = std::move(call)] { call(*its); });
}

void Scheduler::follow(const std::string& source, std::size_t loop) { followers_[source].insert(loop); }

void Scheduler::unfollow(const std::string& source, std::size_t loop) {
  const auto found = followers_.find(source);
  if (found == followers_.end()) return;
  found->second.erase(loop);
  if (found->second.empty()) followers_.erase(found);
}

// ---- time ----

void Scheduler::start_due() {
  const std::int64_t now_unix_ms = clock_.unix_ms();
  if (now_unix_ms < seen_unix_ms_ - kSetBackMs) recompute_crons(now_unix_ms);
  seen_unix_ms_ = now_unix_ms;
  start_due(intervals_, clock_.monotonic_ms());
  start_due(crons_, now_unix_ms);
  set_alarm();
}

void Scheduler::start_due(Due& due, std::int64_t now_ms) {
  while (!due.empty() && due.begin()->first <= now_ms) {
    auto node = due.extract(due.begin());
    const TriggerQueuePtr queue = node.value().second;
    const std::int64_t scheduled_unix_ms = clock_.unix_ms() - (now_ms - queue->due_ms);
    if (const auto next = next_due(*queue, now_ms)) {
      queue->due_ms = *next;
      node.value().first = *next;
      due.insert(std::move(node));
    }
    if (queue->is_busy) {
      count(*queue, Came::kSkipped);
      continue;
    }
    add(queue, {make(tick_args(scheduled_unix_ms))});
  }
}

// The next due time after `now_ms`: an interval keeps its rhythm. None: the schedule never comes due again.
std::optional<std::int64_t> Scheduler::next_due(const TriggerQueue& queue, std::int64_t now_ms) const {
  if (const auto* cron = std::get_if<panels::CronTrigger>(&queue.tool->trigger))
    return cron->schedule->next_after(now_ms);
  const auto ms = static_cast<std::int64_t>(std::get<panels::IntervalTrigger>(queue.tool->trigger).ms);
  return queue.due_ms + ((now_ms - queue.due_ms) / ms + 1) * ms;
}

void Scheduler::recompute_crons(std::int64_t now_unix_ms) {
  for (const auto& [due_ms, queue] : std::exchange(crons_, {})) {
    queue->due_ms = next_due(*queue, now_unix_ms).value_or(due_ms);
    crons_.emplace(queue->due_ms, queue);
  }
}

void Scheduler::set_alarm() {
  if (is_stopped_ || (intervals_.empty() && crons_.empty())) return;
  auto sleep = crons_.empty() ? std::chrono::milliseconds::max() : kLongestSleep;
  if (!crons_.empty())
    sleep = std::min(sleep, std::chrono::milliseconds(crons_.begin()->first - clock_.unix_ms()));
  if (!intervals_.empty())
    sleep = std::min(sleep, std::chrono::milliseconds(intervals_.begin()->first - clock_.monotonic_ms()));
  alarm_.expires_after(std::max(sleep, std::chrono::milliseconds(0)));
  alarm_.async_wait([this](ErrorCondition error) {
    if (!error && !is_stopped_) start_due();
  });
}

// ---- the queues ----

void Scheduler::add(const TriggerQueuePtr& queue, Job job) {
  if (is_stopped_) return;
  if (job.what == nullptr) return count(*queue, Came::kDropped);
  if (!job.what->path.empty()) {
    const auto earlier = std::ranges::find_if(
        queue->waiting, [&job](const Job& other) { return other.what->path == job.what->path; });
    if (earlier != queue->waiting.end()) {
      count(*queue, Came::kSkipped);
      queue->waiting.erase(earlier);
    }
  }
  if (queue->waiting.size() >= kMostWaiting) return count(*queue, Came::kDropped);
  queue->waiting.push_back(std::move(job));
  wake(queue);
}

// Starts the work in a later turn of the loop: the caller is about to commit.
void Scheduler::wake(const TriggerQueuePtr& queue) {
  if (queue->is_busy) return;
  queue->is_busy = true;
  asio::post(loops_.executor(),
             [this, queue] { asio::co_spawn(loops_.executor(), work(queue), must_not_throw); });
}

Task<void> Scheduler::work(TriggerQueuePtr queue) {
  while (!queue->is_over && !is_stopped_ && !queue->waiting.empty()) {
    Job job = std::move(queue->waiting.front());
    queue->waiting.pop_front();
    co_await run(queue, std::move(job));
  }
  queue->is_busy = false;  // in the same turn in which nothing waited: no job can be missed
}

// A tick waits for the end of its execution, so that ticks never overlap. A job of an event or a change waits only for
// the first segment: an execution that waits a day for an approval must not block the next one.
Task<void> Scheduler::run(TriggerQueuePtr queue, Job job) {
  for (int tries = 1; !queue->is_over && !is_stopped_; ++tries) {
    // Cannot fail: put() ends the queue of a tool that is gone.
    executions::ToolCall call =
        executions::ToolCalls::find(queue->panel, queue->tool->name, job.what, queue->type()).value();
    call.depth = job.depth;
    call.keeps_result = true;
    if (job.depth > kMostDepth) {
      count(*queue, Came::kRefused);
      executions_.refuse(std::move(call), chain_too_long());
      co_return;
    }
    auto outcome = co_await executions_.run(std::move(call));
    if (outcome) {
      count(*queue, Came::kStarted);
      if (queue->has_tick()) co_await executions_.wait_for_end(outcome->execution);
      co_return;
    }
    const Error& refusal = outcome.error();
    if (queue->has_tick() || tries == kMostTries || !may_pass(refusal.code)) {
      count(*queue, Came::kRefused);
      if (refusals_.allows(clock_.unix_ms()))
        log_line(spdlog::level::warn, {{"panel", queue->panel->id()}, {"tool", queue->tool->name}},
                 fmt::format("not started by its trigger: {}: {}", name(refusal.code), refusal.message));
      co_return;
    }
    Timer pause(loops_.executor(), std::clamp(std::chrono::milliseconds(refusal.retry_after_ms.value_or(0)),
                                              kLeastPause, kMostPause));
    co_await pause.async_wait(kAwaitTuple);
  }
  if (queue->is_over) count(*queue, Came::kDropped);
}

}  // namespace nexus::triggers
