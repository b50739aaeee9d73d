#include "nexus/runtime/triggers/automation.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <new>

#include "nexus/foundation/base/log.h"
#include "nexus/foundation/base/time_text.h"
#include "nexus/runtime/loop/placement.h"

namespace nexus::triggers {
namespace {

using Job = AutomationLine::Job;
using Came = metrics::TriggerProbe::Outcome;  // what came of a start

constexpr int kMostTries = 5;  // for what there is no room for
constexpr std::chrono::milliseconds kLeastPause{100}, kMostPause{2000};
// Between two looks at the wall clock, which may be set.
constexpr std::chrono::milliseconds kLongestSleep{1000};
constexpr std::int64_t kSetBackMs = 1000;

std::string tick_args(std::int64_t unix_ms) {
  return fmt::format(R"({{"scheduledAt":"{}"}})", as_time(unix_ms));
}

bool may_pass(ErrorCode code) { return code == ErrorCode::kOverloaded || code == ErrorCode::kPanelBusy; }

Error chain_too_long() {
  return {.code = ErrorCode::kResourceLimit,
          .message = fmt::format("a chain of triggers ends at depth {}: one execution has started the next",
                                 Automation::kMostDepth),
          .limit = LimitReached{"handler", "triggers", Automation::kMostDepth, Automation::kMostDepth + 1}};
}

}  // namespace

Automation::Automation(const LoopGroup<Automation>& loops, const Clock& clock,
                       executions::Executions& executions, budget::Ledger& ledger, metrics::Probes& probes)
    : loops_(loops),
      clock_(clock),
      executions_(executions),
      ledger_(ledger),
      probes_(probes),
      alarm_(loops.executor()),
      seen_unix_ms_(clock.unix_ms()) {}

// ---- what is in force ----

void Automation::put(const std::shared_ptr<panels::Panel>& panel) {
  PanelLines lines;
  if (const auto found = by_panel_.find(panel.get()); found != by_panel_.end()) {
    lines = std::move(found->second);
    by_panel_.erase(found);
  }
  std::unordered_map<std::string, AutomationLinePtr> earlier;
  for (AutomationLinePtr& line : lines.all)
    earlier.emplace(line->tool->name, std::move(line));
  lines = {};
  for (const panels::Tool& tool : panel->definition()->tools) {
    if (panels::type_of(tool.trigger) == TriggerType::kManual || is_stopped_) continue;
    const auto found = earlier.find(tool.name);
    if (found != earlier.end() && found->second->tool->trigger == tool.trigger) {
      const AutomationLinePtr line = std::move(earlier.extract(found).mapped());
      line->tool = &tool;
      line->definition = panel->definition();
      enlist(lines, line);
    } else {
      begin(lines, std::make_shared<AutomationLine>(panel, panel->definition(), &tool));
    }
  }
  for (const auto& [name, line] : earlier)
    end(line);
  if (lines.all.empty()) return;
  by_panel_.emplace(panel.get(), std::move(lines));
  set_alarm();
}

void Automation::remove(const panels::Panel& panel) {
  auto lines = by_panel_.extract(&panel);
  if (lines.empty()) return;
  for (const AutomationLinePtr& line : lines.mapped().all)
    end(line);
}

void Automation::stop() {
  is_stopped_ = true;
  alarm_.cancel();
  for (auto& [panel, lines] : by_panel_) {
    for (const AutomationLinePtr& line : lines.all)
      line->waiting.clear();
  }
}

void Automation::begin(PanelLines& lines, const AutomationLinePtr& line) {
  const panels::Trigger& trigger = line->tool->trigger;
  if (const auto* interval = std::get_if<panels::IntervalTrigger>(&trigger)) {
    line->due_ms = clock_.monotonic_ms() + static_cast<std::int64_t>(interval->ms);
    intervals_.emplace(line->due_ms, line);
  } else if (const auto* cron = std::get_if<panels::CronTrigger>(&trigger)) {
    if (const auto due = cron->schedule->next_after(clock_.unix_ms())) {
      line->due_ms = *due;
      crons_.emplace(*due, line);
    }
  } else if (const auto* event = std::get_if<panels::EventTrigger>(&trigger)) {
    line->events.emplace(event->pattern);
    if (const std::string* source = line->followed()) follow(line, *source);
  }
  enlist(lines, line);
}

void Automation::enlist(PanelLines& lines, const AutomationLinePtr& line) {
  lines.all.push_back(line);
  if (line->events && line->followed() == nullptr) lines.on_events.push_back(line);
  const auto* change = std::get_if<panels::StateChangeTrigger>(&line->tool->trigger);
  if (change == nullptr) return;
  std::vector<PanelLines::Watched>& watched = lines.by_key[change->parsed.key()];
  auto same = std::ranges::find(watched, change->parsed, &PanelLines::Watched::path);
  if (same == watched.end()) same = watched.insert(same, {change->parsed, {}});
  same->lines.push_back(line);
}

void Automation::end(const AutomationLinePtr& line) {
  line->is_over = true;
  if (!line->waiting.empty()) count(*line, Came::kDropped, line->waiting.size());
  line->waiting.clear();
  intervals_.erase({line->due_ms, line});
  crons_.erase({line->due_ms, line});
  if (const std::string* source = line->followed()) unfollow(line, *source);
}

void Automation::follow(const AutomationLinePtr& line, const std::string& source) {
  AutomationLines& lines = following_[source];
  lines.push_back(line);
  if (lines.size() > 1) return;
  on_loop_of(source, [source, loop = loops_.own()](Automation& its) { its.follow(source, loop); });
}

void Automation::unfollow(const AutomationLinePtr& line, const std::string& source) {
  const auto found = following_.find(source);
  std::erase(found->second, line);
  if (!found->second.empty()) return;
  following_.erase(found);
  on_loop_of(source, [source, loop = loops_.own()](Automation& its) { its.unfollow(source, loop); });
}

// In the order of these calls.
template <class Call>
void Automation::on_loop_of(const std::string& source, Call call) {
  const std::size_t owner = owner_of(source, loops_.size());
  if (owner == loops_.own()) return call(*this);
  asio::post(loops_[owner].executor(), [its = loops_[owner].part, call = std::move(call)] { call(*its); });
}

void Automation::follow(const std::string& source, std::size_t loop) { followers_[source].insert(loop); }

void Automation::unfollow(const std::string& source, std::size_t loop) {
  const auto found = followers_.find(source);
  if (found == followers_.end()) return;
  found->second.erase(loop);
  if (found->second.empty()) followers_.erase(found);
}

// ---- time ----

void Automation::start_due() {
  const std::int64_t now_unix_ms = clock_.unix_ms();
  if (now_unix_ms < seen_unix_ms_ - kSetBackMs) recompute_crons(now_unix_ms);
  seen_unix_ms_ = now_unix_ms;
  start_due(intervals_, clock_.monotonic_ms());
  start_due(crons_, now_unix_ms);
  set_alarm();
}

void Automation::start_due(Due& due, std::int64_t now_ms) {
  while (!due.empty() && due.begin()->first <= now_ms) {
    auto node = due.extract(due.begin());
    const AutomationLinePtr line = node.value().second;
    const std::int64_t scheduled_unix_ms = clock_.unix_ms() - (now_ms - line->due_ms);
    if (const auto next = next_due(*line, now_ms)) {
      line->due_ms = *next;
      node.value().first = *next;
      due.insert(std::move(node));
    }
    if (line->is_busy) {
      count(*line, Came::kSkipped);
      continue;
    }
    try {
      add(line, {make(tick_args(scheduled_unix_ms))});
    } catch (const std::bad_alloc&) {
      count(*line, Came::kDropped);  // the others must go on
    }
  }
}

// After now, in the rhythm that it has; none: never again.
std::optional<std::int64_t> Automation::next_due(const AutomationLine& line, std::int64_t now_ms) const {
  if (const auto* cron = std::get_if<panels::CronTrigger>(&line.tool->trigger))
    return cron->schedule->next_after(now_ms);
  const auto ms = static_cast<std::int64_t>(std::get<panels::IntervalTrigger>(line.tool->trigger).ms);
  return line.due_ms + ((now_ms - line.due_ms) / ms + 1) * ms;
}

void Automation::recompute_crons(std::int64_t now_unix_ms) {
  for (const auto& [due_ms, line] : std::exchange(crons_, {})) {
    line->due_ms = next_due(*line, now_unix_ms).value_or(due_ms);
    crons_.emplace(line->due_ms, line);
  }
}

void Automation::set_alarm() {
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

// ---- the lines ----

void Automation::add(const AutomationLinePtr& line, Job job) {
  if (is_stopped_) return;
  if (job.what == nullptr) return count(*line, Came::kDropped);
  if (!job.what->path.empty()) {
    const auto earlier = std::ranges::find_if(
        line->waiting, [&job](const Job& other) { return other.what->path == job.what->path; });
    if (earlier != line->waiting.end()) {
      count(*line, Came::kSkipped);
      line->waiting.erase(earlier);
    }
  }
  if (line->waiting.size() >= kMostWaiting) return count(*line, Came::kDropped);
  line->waiting.push_back(std::move(job));
  wake(line);
}

// Not here and now: who calls is about to commit.
void Automation::wake(const AutomationLinePtr& line) {
  if (line->is_busy) return;
  asio::post(loops_.executor(), [this, line] {
    try {
      asio::co_spawn(loops_.executor(), work(line), [this, line](std::exception_ptr error) {
        try {
          must_not_throw(error);
        } catch (const std::bad_alloc&) {
          on_no_memory(*line);
        }
      });
    } catch (const std::bad_alloc&) {
      on_no_memory(*line);
    }
  });
  line->is_busy = true;
}

// What waits still is run with what comes next.
void Automation::on_no_memory(AutomationLine& line) {
  line.is_busy = false;
  count(line, Came::kRefused);
}

Task<void> Automation::work(AutomationLinePtr line) {
  while (!line->is_over && !is_stopped_ && !line->waiting.empty()) {
    Job job = std::move(line->waiting.front());
    line->waiting.pop_front();
    co_await run(line, std::move(job));
  }
  line->is_busy = false;  // in the turn in which nothing waited
}

// Ticks wait for the end, so that there is one execution at a time; what comes by events only for the first segment: an approval
// that takes a day must not hold up the next.
Task<void> Automation::run(AutomationLinePtr line, Job job) {
  for (int tries = 1; !line->is_over && !is_stopped_; ++tries) {
    executions::ToolCall call{line->panel, line->definition, line->tool, job.what->json, job.what};
    call.origin = line->type();
    call.depth = job.depth;
    call.keeps_result = true;
    if (job.depth > kMostDepth) {
      count(*line, Came::kRefused);
      executions_.refuse(std::move(call), chain_too_long());
      co_return;
    }
    auto outcome = co_await executions_.run(std::move(call));
    if (outcome) {
      count(*line, Came::kStarted);
      if (line->has_tick()) co_await executions_.wait_for_end(outcome->execution);
      co_return;
    }
    const Error& refusal = outcome.error();
    if (line->has_tick() || tries == kMostTries || !may_pass(refusal.code)) {
      count(*line, Came::kRefused);
      if (refusals_.allows(clock_.unix_ms()))
        log_line(spdlog::level::warn, {{"panel", line->panel->id()}, {"tool", line->tool->name}},
                 fmt::format("not started by its trigger: {}: {}", name(refusal.code), refusal.message));
      co_return;
    }
    Timer pause(loops_.executor(), std::clamp(std::chrono::milliseconds(refusal.retry_after_ms.value_or(0)),
                                              kLeastPause, kMostPause));
    co_await pause.async_wait(kAwaitTuple);
  }
  if (line->is_over) count(*line, Came::kDropped);
}

}  // namespace nexus::triggers
