#include "nexus/runtime/panels/args_defaults.h"

#include <algorithm>

#include "nexus/foundation/json/json.h"

namespace nexus::panels {

ArgsDefaults::ArgsDefaults(std::string_view schema)
    : members_(members_of(schema)), bytes_(bytes_of(members_)) {}

std::optional<std::string> ArgsDefaults::fill(std::string_view args) const {
  return members_.empty() ? std::nullopt : fill(args, members_);
}

// Only members that have a default, or contain one at any depth.
std::vector<ArgsDefaults::Member> ArgsDefaults::members_of(std::string_view schema) {
  std::vector<Member> members;
  for_each_member(schema, [&members](std::string_view keyword, std::string_view properties) {
    if (keyword != "properties") return;
    for_each_member(properties, [&members](std::string_view name, std::string_view of_it) {
      Member member{std::string(name), {}, members_of(of_it)};
      for_each_member(of_it, [&member](std::string_view inner, std::string_view value) {
        if (inner == "default") member.json = value;
      });
      if (!member.json.empty() || !member.members.empty()) members.push_back(std::move(member));
    });
  });
  return members;
}

std::size_t ArgsDefaults::bytes_of(const std::vector<Member>& members) {
  std::size_t bytes = 0;
  for (const Member& member : members)
    bytes += json_string_size(member.name) + 2 + member.json.size() + bytes_of(member.members);
  return bytes;
}

std::optional<std::string> ArgsDefaults::fill(std::string_view object, const std::vector<Member>& members) {
  std::vector<bool> is_there(members.size(), false);
  std::string filled = "{";
  const auto append = [&filled](std::string_view name, std::string_view json) {
    if (filled.size() > 1) filled += ',';
    append_json_string(filled, name);
    filled.append(":").append(json);
  };
  bool has_changed = false;
  for_each_member(object, [&](std::string_view name, std::string_view value) {
    const auto member = std::ranges::find(members, name, &Member::name);
    std::optional<std::string> inner;
    if (member != members.end()) {
      is_there[static_cast<std::size_t>(member - members.begin())] = true;
      if (!member->members.empty() && value.starts_with('{')) inner = fill(value, member->members);
    }
    has_changed |= inner.has_value();
    append(name, inner ? *inner : value);
  });
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (is_there[i] || members[i].json.empty()) continue;
    append(members[i].name, members[i].json);
    has_changed = true;
  }
  if (!has_changed) return std::nullopt;
  return filled += '}';
}

}  // namespace nexus::panels
