// What a commit triggers: by its events, and by the values of the state that it changes.
#include <fmt/format.h>

#include "nexus/foundation/base/glob.h"
#include "nexus/foundation/base/log.h"
#include "nexus/foundation/json/json.h"
#include "nexus/runtime/triggers/scheduler.h"

namespace nexus::triggers {
namespace {

using Came = metrics::TriggerProbe::Outcome;

// Events with longer names start nothing, so that a long name cannot make every pattern scan megabytes.
constexpr std::size_t kMostNameBytes = 256;

// The fixed cost of one comparison, expressed in bytes compared.
constexpr std::uint64_t kComparison = 2048;

// {event, panel}
std::string event_args(const Event& event, std::string_view panel) {
  std::string args = R"({"event":)";
  append_event_json(args, event);
  args += fmt::format(R"(,"panel":"{}"}})", panel);
  return args;
}

// {key, value?}
std::string change_args(const panels::PathChange& change) {
  std::string args = R"({"key":)";
  append_json_string(args, change.path);
  if (change.json) args.append(R"(,"value":)").append(*change.json);
  args += '}';
  return args;
}

std::optional<std::string_view> view(const std::string* json) {
  return json != nullptr ? std::optional<std::string_view>(*json) : std::nullopt;
}

}  // namespace

void Scheduler::committed(const executions::ToolCall& cause, const Journal& journal) noexcept {
  const auto found = by_panel_.find(cause.panel.get());
  const PanelQueues* own = found == by_panel_.end() ? nullptr : &found->second;
  const auto loops = journal.events.empty() ? followers_.end() : followers_.find(cause.panel->id());
  const std::set<std::size_t>* followers = loops == followers_.end() ? nullptr : &loops->second;
  if (is_stopped_ || (own == nullptr && followers == nullptr)) return;
  for (const Event& event : journal.events)
    happened(event, cause, own, followers);
  std::uint64_t most_bytes = kMostComparedBytes;
  if (own == nullptr || own->by_key.empty()) return;
  for (const StateMutation& mutation : journal.mutations)
    changed(mutation, cause, *own, most_bytes);
}

void Scheduler::happened(const Event& event, const executions::ToolCall& cause, const PanelQueues* own,
                         const std::set<std::size_t>* followers) {
  if (event.name.size() > kMostNameBytes) return;
  const std::string& panel = cause.panel->id();
  const std::uint32_t depth = cause.depth + 1;
  TriggerPayloadPtr what;
  bool is_made = false;
  const auto it = [&] {
    if (!std::exchange(is_made, true)) what = make(event_args(event, panel));
    return what;
  };
  if (own != nullptr) {
    for (const TriggerQueuePtr& queue : own->on_events) {
      if (matches_glob(*queue->events(), event.name, GlobSigns::kStar)) add(queue, {it(), depth});
    }
  }
  if (followers == nullptr) return;
  for (const std::size_t loop : *followers) {
    asio::post(loops_[loop].executor(), [its = loops_[loop].part, panel, name = event.name, what = it(),
                                         depth] { its->deliver(panel, name, what, depth); });
  }
}

void Scheduler::deliver(const std::string& source, std::string_view event, const TriggerPayloadPtr& what,
                        std::uint32_t depth) {
  const auto found = following_.find(source);
  if (found == following_.end()) return;
  for (const TriggerQueuePtr& queue : found->second) {
    if (matches_glob(*queue->events(), event, GlobSigns::kStar)) add(queue, {what, depth});
  }
}

void Scheduler::changed(const StateMutation& mutation, const executions::ToolCall& cause,
                        const PanelQueues& own, std::uint64_t& most_bytes) {
  const auto found = own.by_key.find(mutation.key);
  if (found == own.by_key.end()) return;
  const auto before = view(cause.panel->state().find(mutation.key));
  const auto after = view(mutation.json ? &*mutation.json : nullptr);
  const std::uint64_t bytes =
      kComparison + before.value_or(std::string_view()).size() + after.value_or(std::string_view()).size();
  for (const PanelQueues::Watched& watched : found->second) {
    if (bytes > most_bytes) {
      for (const TriggerQueuePtr& queue : watched.queues)
        count(*queue, Came::kDropped);
      if (uncompared_.allows(clock_.unix_ms()))
        log_line(
            spdlog::level::warn, {{"panel", cause.panel->id()}, {"key", mutation.key}},
            fmt::format("changes not looked for: one commit may compare {} MiB for state_change triggers",
                        kMostComparedBytes >> 20));
      continue;
    }
    most_bytes -= bytes;
    auto changes = watched.path.changes(before, after, kMostWaiting);
    const std::size_t more = changes.total - changes.first.size();
    for (panels::PathChange& change : changes.first) {
      std::string args = change_args(change);
      const TriggerPayloadPtr what = make(std::move(args), std::move(change.path));
      for (const TriggerQueuePtr& queue : watched.queues)
        add(queue, {what, cause.depth + 1});
    }
    if (more == 0) continue;
    for (const TriggerQueuePtr& queue : watched.queues)
      count(*queue, Came::kDropped, more);
  }
}

// Null: the ledger has no room for the payload.
TriggerPayloadPtr Scheduler::make(std::string args_json, std::string path) {
  auto held = ledger_.grant(budget::Kind::kBuffers, sizeof(TriggerPayload) + args_json.size() + path.size(),
                            budget::Need::kGrowth);
  if (!held) return nullptr;
  auto what = std::make_shared<TriggerPayload>();
  what->json = std::move(args_json);
  what->held = *std::move(held);
  what->path = std::move(path);
  return what;
}

}  // namespace nexus::triggers
