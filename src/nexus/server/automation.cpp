#include "nexus/server/automation.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <new>

#include "nexus/sandbox/json.h"
#include "nexus/server/api.h"
#include "nexus/server/dispatch.h"
#include "nexus/server/server.h"
#include "nexus/server/time_text.h"

namespace nexus::server {
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

// {event, panel}
std::string event_args(const sandbox::Event& event, std::string_view panel) {
  std::string args = R"({"event":)";
  sandbox::append_event_json(args, event);
  args += fmt::format(R"(,"panel":"{}"}})", panel);
  return args;
}

// {key, value?}
std::string change_args(const panels::PathChange& change) {
  std::string args = R"({"key":)";
  sandbox::append_json_string(args, change.path);
  if (change.json) args.append(R"(,"value":)").append(*change.json);
  args += '}';
  return args;
}

bool may_pass(ErrorCode code) { return code == ErrorCode::kOverloaded || code == ErrorCode::kPanelBusy; }

Error chain_too_long() {
  return {.code = ErrorCode::kResourceLimit,
          .message = fmt::format("a chain of triggers ends at depth {}: one execution has started the next",
                                 Automation::kMostDepth),
          .limit = LimitReached{"handler", "triggers", Automation::kMostDepth, Automation::kMostDepth + 1}};
}

// The panel whose events a tool follows, when that is another than its own; else null.
const panels::EventTrigger* followed(const AutomationLine& line) {
  const auto* event = std::get_if<panels::EventTrigger>(&line.tool->trigger);
  return event != nullptr && !event->panel.empty() && event->panel != line.panel->id() ? event : nullptr;
}

}  // namespace

Automation::Automation(const AllLoops& loops, const Clock& clock, Executions& executions,
                       budget::Ledger& ledger, metrics::Probes& probes)
    : loops_(loops),
      clock_(clock),
      executions_(executions),
      ledger_(ledger),
      probes_(probes),
      alarm_(loops.executor()),
      seen_unix_ms_(clock.unix_ms()) {}

// ---- what is in force ----

void Automation::put(const std::shared_ptr<panels::Panel>& panel) {
  remove(*panel);
  Lines lines;
  for (const panels::Tool& tool : panel->definition()->tools) {
    if (panels::type_of(tool.trigger) == panels::TriggerType::kManual) continue;
    lines.push_back(std::make_shared<AutomationLine>(panel, panel->definition(), &tool));
  }
  if (lines.empty() || is_stopped_) return;
  const Lines& kept = by_panel_.emplace(panel.get(), std::move(lines)).first->second;
  by_id_.emplace(panel->id(), panel.get());
  for (const AutomationLinePtr& line : kept)
    begin(line);
  set_alarm();
}

void Automation::remove(const panels::Panel& panel) {
  const auto found = by_panel_.find(&panel);
  if (found == by_panel_.end()) return;
  const Lines lines = std::move(found->second);
  by_id_.erase(panel.id());
  by_panel_.erase(found);
  for (const AutomationLinePtr& line : lines)
    end(line);
}

void Automation::stop() {
  is_stopped_ = true;
  alarm_.cancel();
  for (auto& [panel, lines] : by_panel_) {
    for (const AutomationLinePtr& line : lines)
      line->waiting.clear();
  }
}

void Automation::begin(const AutomationLinePtr& line) {
  const panels::Trigger& trigger = line->tool->trigger;
  if (const auto* interval = std::get_if<panels::IntervalTrigger>(&trigger)) {
    line->due_ms = monotonic_ms() + static_cast<std::int64_t>(interval->ms);
    intervals_.emplace(line->due_ms, line);
  } else if (const auto* cron = std::get_if<panels::CronTrigger>(&trigger)) {
    if (const auto due = cron->schedule->next_after(clock_.unix_ms())) {
      line->due_ms = *due;
      crons_.emplace(*due, line);
    }
  } else if (const auto* change = std::get_if<panels::StateChangeTrigger>(&trigger)) {
    line->path = change->parsed;
  } else if (const auto* other = followed(*line)) {
    on_loop_of(other->panel,
               [source = other->panel, follower = Follower{loops_.own(), line->panel->id(), line->tool->name,
                                                           panels::EventPattern(other->pattern)}](
                   Automation& its) { its.follow(source, follower); });
  } else if (const auto* event = std::get_if<panels::EventTrigger>(&trigger)) {
    line->events.emplace(event->pattern);
  }
}

void Automation::end(const AutomationLinePtr& line) {
  line->is_over = true;
  line->waiting.clear();
  intervals_.erase({line->due_ms, line});
  crons_.erase({line->due_ms, line});
  if (const auto* other = followed(*line)) {
    on_loop_of(other->panel, [source = other->panel, loop = loops_.own(), panel = line->panel->id()](
                                 Automation& its) { its.unfollow(source, loop, panel); });
  }
}

// In the order of these calls.
template <class Call>
void Automation::on_loop_of(const std::string& source, Call call) {
  const std::size_t owner = owner_of(source, loops_.size());
  if (owner == loops_.own()) return call(*this);
  asio::post(loops_[owner].executor(),
             [api = loops_[owner].api, call = std::move(call)] { call(api->automation()); });
}

void Automation::follow(const std::string& source, Follower follower) {
  std::vector<Follower>& all = followers_[source];
  if (all.size() < kMostFollowers) return all.push_back(std::move(follower));
  spdlog::warn("panel={} tool={} does not get the events of panel {}: {} tools follow it already",
               follower.panel, follower.tool, source, all.size());
}

void Automation::unfollow(const std::string& source, std::size_t loop, std::string_view panel) {
  const auto found = followers_.find(source);
  if (found == followers_.end()) return;
  std::erase_if(found->second, [&](const Follower& one) { return one.loop == loop && one.panel == panel; });
  if (found->second.empty()) followers_.erase(found);
}

// ---- time ----

void Automation::start_due() {
  const std::int64_t now_unix_ms = clock_.unix_ms();
  if (now_unix_ms < seen_unix_ms_ - kSetBackMs) recompute_crons(now_unix_ms);
  seen_unix_ms_ = now_unix_ms;
  start_due(intervals_, monotonic_ms());
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
      add(line, {.args_json = tick_args(scheduled_unix_ms), .path = {}});
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
    sleep = std::min(sleep, std::chrono::milliseconds(intervals_.begin()->first - monotonic_ms()));
  alarm_.expires_after(std::max(sleep, std::chrono::milliseconds(0)));
  alarm_.async_wait([this](ErrorCondition error) {
    if (!error && !is_stopped_) start_due();
  });
}

// ---- events and changes of state ----

void Automation::committed(const ToolCall& cause, const sandbox::Journal& journal) noexcept {
  const panels::Panel& panel = *cause.panel;
  const auto own = by_panel_.find(&panel);
  const auto others =
      journal.events.empty() || followers_.empty() ? followers_.end() : followers_.find(panel.id());
  if (is_stopped_ || (own == by_panel_.end() && others == followers_.end())) return;
  try {
    for (const sandbox::Event& event : journal.events) {
      if (others != followers_.end()) tell_followers(others->second, event, cause);
      if (own == by_panel_.end()) continue;
      for (const AutomationLinePtr& line : own->second) {
        if (line->events && line->events->matches(event.name))
          add(line, {.args_json = event_args(event, panel.id()), .path = {}, .depth = cause.depth + 1});
      }
    }
    if (own == by_panel_.end()) return;
    for (const sandbox::StateMutation& mutation : journal.mutations) {
      for (const AutomationLinePtr& line : own->second) {
        if (!line->path || line->path->key() != mutation.key) continue;
        const std::string* before = panel.state().find(mutation.key);
        for (auto& change :
             line->path->changes(before != nullptr ? std::optional<std::string_view>(*before) : std::nullopt,
                                 mutation.json, kMostWaiting + 1)) {
          add(line,
              {.args_json = change_args(change), .path = std::move(change.path), .depth = cause.depth + 1});
        }
      }
    }
  } catch (const std::bad_alloc&) {
    probes_.triggers.record(panels::TriggerType::kEvent, Came::kDropped);
  }
}

void Automation::tell_followers(const std::vector<Follower>& followers, const sandbox::Event& event,
                                const ToolCall& cause) {
  std::string args;
  for (const Follower& one : followers) {
    if (!one.pattern.matches(event.name)) continue;
    if (args.empty()) args = event_args(event, cause.panel->id());
    if (one.loop == loops_.own()) {
      deliver(one.panel, one.tool, args, cause.depth + 1);
      continue;
    }
    asio::post(loops_[one.loop].executor(),
               [api = loops_[one.loop].api, panel = one.panel, tool = one.tool, args,
                depth = cause.depth + 1] { api->automation().deliver(panel, tool, args, depth); });
  }
}

void Automation::deliver(std::string_view panel, std::string_view tool, std::string args_json,
                         std::uint32_t depth) {
  const auto found = by_id_.find(panel);
  if (found == by_id_.end()) return;
  const Lines& lines = by_panel_.at(found->second);
  const auto line = std::ranges::find(
      lines, tool, [](const AutomationLinePtr& one) { return std::string_view(one->tool->name); });
  if (line != lines.end() && followed(**line) != nullptr)
    add(*line, {.args_json = std::move(args_json), .path = {}, .depth = depth});
}

// ---- the lines ----

void Automation::add(const AutomationLinePtr& line, Job job) {
  if (is_stopped_) return;
  if (!job.path.empty()) {
    const auto earlier = std::ranges::find(line->waiting, job.path, &Job::path);
    if (earlier != line->waiting.end()) {
      count(*line, Came::kSkipped);
      line->waiting.erase(earlier);
    }
  }
  auto held = ledger_.grant(budget::Kind::kBuffers, sizeof job + job.args_json.size() + job.path.size(),
                            budget::Need::kGrowth);
  if (line->waiting.size() >= kMostWaiting || !held) return count(*line, Came::kDropped);
  job.held = *std::move(held);
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
    ToolCall call{line->panel, line->definition, line->tool, job.args_json};
    call.origin = panels::type_of(line->tool->trigger);
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
        spdlog::warn("panel={} tool={} not started by its trigger: {}: {}", line->panel->id(),
                     line->tool->name, name(refusal.code), refusal.message);
      co_return;
    }
    Timer pause(loops_.executor(), std::clamp(std::chrono::milliseconds(refusal.retry_after_ms.value_or(0)),
                                              kLeastPause, kMostPause));
    co_await pause.async_wait(kAwaitTuple);
  }
}

void Automation::count(const AutomationLine& line, Came came) {
  probes_.triggers.record(panels::type_of(line.tool->trigger), came);
}

}  // namespace nexus::server
