// The journal of an execution. Its own reads see the changes at once, all others only after the commit.
#include <fmt/format.h>

#include "guest/border.h"
#include "nexus/foundation/json/json.h"
#include "nexus/sandbox/execution/call.h"

namespace nexus::sandbox {
namespace {

constexpr std::size_t kIndexedFrom = 32;  // with fewer changes a linear search is faster

}  // namespace

StateMutation* Call::change_of(std::string_view key) {
  auto& changes = journal_.mutations;
  if (changes.size() >= kIndexedFrom) {
    const auto found = change_index_.find(std::string(key));
    return found == change_index_.end() ? nullptr : &changes[found->second];
  }
  for (auto& change : changes) {
    if (change.key == key) return &change;
  }
  return nullptr;
}

const std::string* Call::current(std::string_view key) const {
  const StateMutation* change = const_cast<Call*>(this)->change_of(key);
  if (change != nullptr) return change->json ? &*change->json : nullptr;
  return request_.state != nullptr ? request_.state->find(key) : nullptr;
}

Call::Reply Call::state_get(std::string_view key, std::span<std::byte> out) {
  const std::string* json = current(key);
  return json != nullptr ? give(*json, out) : Reply{HOST_ABSENT};
}

Call::Reply Call::state_keys(std::span<std::byte> out) {
  std::string list = "[";
  const auto add = [&](std::string_view key) {
    if (current(key) == nullptr || !allows(Permission::kStateRead, key)) return;
    if (list.size() > 1) list += ',';
    append_json_string(list, key);
  };
  if (request_.state != nullptr) {
    for (const std::string_view key : request_.state->keys())
      add(key);
  }
  for (const auto& change : journal_.mutations) {
    if (request_.state == nullptr || request_.state->find(change.key) == nullptr) add(change.key);
  }
  return give(list + "]", out);
}

std::optional<Call::Reply> Call::charge_journal(std::uint64_t bytes) {
  if (journal_bytes_ + bytes > request_.limits.max_journal_bytes) {
    return refuse_limit("maxJournalBytes", request_.limits.max_journal_bytes, journal_bytes_ + bytes,
                        "too many bytes of changes and events");
  }
  if (auto refused = charge_copy(bytes)) return refused;
  journal_bytes_ += bytes;
  return std::nullopt;
}

// Records the last value of a key, or its deletion.
std::optional<Call::Reply> Call::record(std::string_view key, std::optional<std::string> json) {
  const std::string* before = current(key);
  const std::uint64_t new_bytes = json ? State::member_bytes(key, *json) : 0;
  const std::int64_t growth =
      state_growth_ + static_cast<std::int64_t>(new_bytes) -
      static_cast<std::int64_t>(before != nullptr ? State::member_bytes(key, *before) : 0);
  const std::uint64_t state_bytes = request_.state != nullptr ? request_.state->bytes() : 2;
  const std::int64_t after = static_cast<std::int64_t>(state_bytes) + growth;
  if (growth > state_growth_ && after > static_cast<std::int64_t>(request_.limits.max_state_bytes)) {
    return refuse_limit("maxStateBytes", request_.limits.max_state_bytes, static_cast<std::uint64_t>(after),
                        "the panel's state is too large");
  }
  StateMutation* change = change_of(key);
  // A value that replaces an earlier one of this execution takes the place of the earlier one in the journal.
  const std::uint64_t replaced =
      change != nullptr ? key.size() + (change->json ? change->json->size() : 0) : 0;
  journal_bytes_ -= replaced;
  if (auto refused = charge_journal(key.size() + (json ? json->size() : 0))) {
    journal_bytes_ += replaced;
    return refused;
  }
  state_growth_ = growth;
  if (change != nullptr) {
    change->json = std::move(json);
    return std::nullopt;
  }
  journal_.mutations.push_back({std::string(key), std::move(json)});
  auto& changes = journal_.mutations;
  if (changes.size() == kIndexedFrom) {
    for (std::size_t i = 0; i < changes.size(); ++i)
      change_index_.emplace(changes[i].key, i);
  } else if (changes.size() > kIndexedFrom) {
    change_index_.emplace(changes.back().key, changes.size() - 1);
  }
  return std::nullopt;
}

Call::Reply Call::state_change(std::int32_t op, std::string_view key, std::string_view json) {
  if (!allows(Permission::kStateWrite, key)) return refuse_permission(Permission::kStateWrite, key);
  if (op != OP_STATE_FLUSH) {
    if (mutations_ >= request_.limits.max_state_mutations) {
      return refuse_limit("maxStateMutations", request_.limits.max_state_mutations, mutations_ + 1,
                          "too many changes of $state");
    }
    ++mutations_;
  }
  if (op == OP_STATE_TOUCH) return {};
  const bool was_there = current(key) != nullptr;
  std::optional<std::string> value;
  if (op != OP_STATE_DELETE) {
    value.emplace(json);
    if (auto bad = check_guest_json(*value, "a value of $state")) return *bad;
  } else if (!was_there) {
    return {0};
  }
  if (auto refused = record(key, std::move(value))) return *refused;
  return {was_there};
}

Call::Reply Call::emit(std::string_view name, std::string_view payload) {
  if (!allows(Permission::kEmit, name)) return refuse_permission(Permission::kEmit, name);
  const std::size_t events = result_.earlier.events.size() + journal_.events.size();
  if (events >= request_.limits.max_events)
    return refuse_limit("maxEvents", request_.limits.max_events, events + 1, "too many events");
  std::string json(payload);
  if (auto bad = check_guest_json(json, "the event's payload")) return *bad;
  if (auto refused = charge_journal(name.size() + json.size())) return *refused;
  journal_.events.push_back({std::string(name), std::move(json), now_ms()});
  return {};
}

Call::Reply Call::view(std::string_view id, std::string_view command) {
  if (!allows(Permission::kView, id)) return refuse_permission(Permission::kView, id);
  const std::size_t commands = result_.earlier.view_commands.size() + journal_.view_commands.size();
  if (commands >= request_.limits.max_view_commands) {
    return refuse_limit("maxViewCommands", request_.limits.max_view_commands, commands + 1,
                        "too many view commands");
  }
  std::string json(command);
  if (auto bad = check_guest_json(json, "the view command")) return *bad;
  ViewCommand made{.view_id = std::string(id), .command = {}, .params_json = {}};
  const bool is_object = for_each_member(json, [&](std::string_view key, std::string_view value) {
    made.command = key;
    made.params_json = value;
  });
  if (!is_object || made.params_json.empty()) return {.trap = kForgedJson};
  if (auto refused = charge_journal(id.size() + json.size())) return *refused;
  journal_.view_commands.push_back(std::move(made));
  return {};
}

}  // namespace nexus::sandbox
