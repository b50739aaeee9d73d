#include "nexus/foundation/model/state.h"

#include <algorithm>

#include "nexus/foundation/json/json.h"

namespace nexus {

Result<State> State::parse(std::string_view json_object) {
  State state;
  if (for_each_member(json_object, [&state](std::string_view key, std::string_view value) {
        state.set(key, std::string(value));
      })) {
    return state;
  }
  switch (check_json(json_object)) {
    case JsonError::kTooDeep:
      return fail(ErrorCode::kInvalidRequest, "the state is nested too deeply");
    case JsonError::kMalformed:
      return fail(ErrorCode::kInvalidRequest, "the state is not valid JSON");
    case JsonError::kNone:
      break;
  }
  return fail(ErrorCode::kInvalidRequest, "the state is not a JSON object");
}

const std::string* State::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second.json;
}

void State::set(std::string_view key, std::string json) {
  if (const auto found = values_.find(key); found != values_.end()) {
    bytes_ = bytes_ - found->second.json.size() + json.size();
    found->second.json = std::move(json);
    return;
  }
  bytes_ += member_bytes(key, json) - (values_.empty() ? 1 : 0);
  values_.emplace(key, Value{std::move(json), next_order_++});
}

bool State::erase(std::string_view key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return false;
  bytes_ -= member_bytes(key, found->second.json) - (values_.size() == 1 ? 1 : 0);
  values_.erase(found);
  return true;
}

void State::apply(std::vector<StateMutation>& mutations) {
  for (StateMutation& mutation : mutations) {
    if (mutation.json) {
      set(mutation.key, *std::move(mutation.json));
    } else {
      erase(mutation.key);
    }
  }
}

std::uint64_t State::member_bytes(std::string_view key, std::string_view json) {
  return json_string_size(key) + 1 + json.size() + 1;
}

std::vector<const State::Values::value_type*> State::in_order() const {
  std::vector<const Values::value_type*> members;
  members.reserve(values_.size());
  for (const auto& member : values_)
    members.push_back(&member);
  std::ranges::sort(members, {}, [](const auto* member) { return member->second.order; });
  return members;
}

std::vector<std::string_view> State::keys() const {
  std::vector<std::string_view> keys;
  keys.reserve(values_.size());
  for (const auto* member : in_order())
    keys.emplace_back(member->first);
  return keys;
}

std::string State::to_json() const {
  std::string out;
  out.reserve(bytes_);
  out.push_back('{');
  for (const auto* member : in_order()) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, member->first);
    out.push_back(':');
    out.append(member->second.json);
  }
  out.push_back('}');
  return out;
}

}  // namespace nexus
