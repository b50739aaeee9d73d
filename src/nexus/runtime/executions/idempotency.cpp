#include "nexus/runtime/executions/idempotency.h"

#include <algorithm>
#include <utility>

namespace nexus::executions {
namespace {

constexpr std::int64_t kKnownMs = 5 * 60 * 1000;  // as long as the result of an execution is kept
constexpr std::int64_t kSweepMs = 1000;
// List node, map node, entry and control block, without the text of the key.
constexpr std::uint64_t kEntryBytes = 384;

// The panel comes first, and a panel id has no spaces: two pairs never give the same text.
std::string place_of(std::string_view panel, std::string_view key) {
  std::string place;
  place.reserve(panel.size() + 1 + key.size());
  return place.append(panel).append(" ").append(key);
}

std::uint64_t bytes_of(std::string_view place) { return kEntryBytes + place.size(); }

}  // namespace

Digest content_of(std::string_view tool, std::string_view body) {
  const Digest of_body = digest_of(std::as_bytes(std::span(body)));
  return digest_of(std::as_bytes(std::span(tool)), of_body.high ^ of_body.low);
}

void Idempotency::Entry::settle() {
  for (Ready& ready : std::exchange(waiting_, {}))
    ready(true);
}

Idempotency::Idempotency(const Clock& clock, budget::Ledger& ledger)
    : clock_(clock), held_(ledger.open(budget::Kind::kServer)) {}

Idempotency::EntryPtr Idempotency::find(const PanelPtr& panel, std::string_view key) {
  const auto place = by_key_.find(place_of(panel->id(), key));
  if (place == by_key_.end()) return nullptr;
  const EntryPtr& entry = place->second.entry;
  if (entry->panel_.lock() == panel && !is_over(*entry)) return entry;
  erase(place);
  return nullptr;
}

Result<Idempotency::EntryPtr> Idempotency::add(const PanelPtr& panel, std::string_view key, Digest content) {
  if (by_key_.size() >= kMostKeys) {
    const auto oldest = std::ranges::find_if(
        keys_, [this](const std::string& place) { return by_key_.at(place).entry->is_settled(); });
    if (oldest != keys_.end()) erase(by_key_.find(*oldest));
  }
  std::string place = place_of(panel->id(), key);
  if (auto room = held_.grow_by(bytes_of(place)); !room) return std::unexpected(std::move(room.error()));
  auto entry = std::make_shared<Entry>(panel, content);
  keys_.push_back(std::move(place));
  by_key_.emplace(keys_.back(), Place{entry, std::prev(keys_.end())});
  return entry;
}

void Idempotency::ran(Entry& entry, const ExecutionPtr& execution) {
  entry.execution_ = execution;
  entry.ended_ms_ = clock_.monotonic_ms();
  entry.has_run_ = true;
  entry.settle();
}

void Idempotency::refused(const panels::Panel& panel, std::string_view key, Entry& entry,
                          ErrorResponse refusal) {
  const auto place = by_key_.find(place_of(panel.id(), key));
  if (place != by_key_.end() && place->second.entry.get() == &entry) erase(place);
  entry.refusal_ = std::move(refusal);
  entry.settle();
}

void Idempotency::tick() {
  const std::int64_t now_ms = clock_.monotonic_ms();
  if (now_ms - swept_ms_ < kSweepMs) return;
  swept_ms_ = now_ms;
  for (auto place = by_key_.begin(); place != by_key_.end();) {
    const auto next = std::next(place);
    if (is_over(*place->second.entry)) erase(place);
    place = next;
  }
}

// The key expires 5 minutes after the execution ended. If its result was evicted, the last end time that was seen
// counts.
bool Idempotency::is_over(Entry& entry) const {
  if (!entry.has_run_) return false;
  if (const auto execution = entry.execution()) {
    entry.ended_ms_ = execution->has_ended() ? execution->changed_ms : clock_.monotonic_ms();
  }
  return clock_.monotonic_ms() - entry.ended_ms_ >= kKnownMs;
}

void Idempotency::erase(Places::iterator place) {
  const auto order = place->second.order;
  held_.shrink_to(held_.bytes() - bytes_of(*order));
  by_key_.erase(place);
  keys_.erase(order);
}

}  // namespace nexus::executions
