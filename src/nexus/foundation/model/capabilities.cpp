#include "nexus/foundation/model/capabilities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace nexus {
namespace {

enum class Colons : bool { kForbidden, kAllowed };

struct Form {
  Permission permission;
  std::string_view prefix;  // the pattern without the name
  Colons in_name;
};

constexpr std::array<Form, 6> kForms = {{
    {Permission::kStateRead, "state:read:", Colons::kAllowed},
    {Permission::kStateWrite, "state:write:", Colons::kAllowed},
    {Permission::kEmit, "events:emit:", Colons::kAllowed},
    {Permission::kReceive, "events:receive:", Colons::kForbidden},
    {Permission::kView, "view:update:", Colons::kAllowed},
    {Permission::kExtension, "ext:", Colons::kForbidden},
}};

}  // namespace

bool Capabilities::Grant::covers(const Grant& other) const {
  if (permission != other.permission) return false;
  return is_prefix ? other.name.starts_with(name) : !other.is_prefix && other.name == name;
}

std::vector<Capabilities::Grant> Capabilities::grants_of(std::string_view pattern) {
  const bool has_star = pattern.ends_with('*');
  const std::string_view stem = has_star ? pattern.substr(0, pattern.size() - 1) : pattern;
  if (stem.find('*') != std::string_view::npos) return {};
  for (const Form& form : kForms) {
    if (!stem.starts_with(form.prefix)) continue;
    const std::string_view name = stem.substr(form.prefix.size());
    if (name.empty() && !has_star) return {};
    if (form.in_name == Colons::kForbidden && name.find(':') != std::string_view::npos) return {};
    return {{form.permission, std::string(name), has_star}};
  }
  if (!has_star || (!stem.empty() && !stem.ends_with(':'))) return {};
  std::vector<Grant> grants;
  for (const Form& form : kForms) {
    if (form.prefix.starts_with(stem)) grants.push_back({form.permission, "", true});
  }
  return grants;
}

Capabilities Capabilities::defaults() {
  static constexpr std::array<std::string_view, 3> kDefaults = {"state:*", "events:emit:*", "view:*"};
  Capabilities defaults;
  for (const std::string_view pattern : kDefaults) {
    defaults.patterns_.emplace_back(pattern);
    std::ranges::move(grants_of(pattern), std::back_inserter(defaults.grants_));
  }
  return defaults;
}

Result<Capabilities> Capabilities::parse(std::span<const std::string> patterns) {
  Capabilities capabilities;
  for (const std::string& pattern : patterns) {
    std::vector<Grant> grants = grants_of(pattern);
    if (grants.empty()) {
      return fail(
          ErrorCode::kInvalidRequest,
          fmt::format("\"{}\" is not a capability; the forms are state:read:KEY, state:write:KEY, "
                      "events:emit:NAME, events:receive:PANEL, view:update:ID and ext:NAME, where the last "
                      "part may be * or end in *",
                      pattern));
    }
    capabilities.patterns_.push_back(pattern);
    std::ranges::move(grants, std::back_inserter(capabilities.grants_));
  }
  return capabilities;
}

bool Capabilities::allows(Permission permission, std::string_view name) const {
  return std::ranges::any_of(grants_, [&](const Grant& grant) {
    return grant.permission == permission &&
           (grant.is_prefix ? name.starts_with(grant.name) : name == grant.name);
  });
}

std::optional<std::string> Capabilities::first_not_covered(const Capabilities& other) const {
  for (const std::string& pattern : other.patterns_) {
    for (const Grant& wanted : grants_of(pattern)) {
      // One grant must cover it alone, because no finite set of names equals a prefix.
      if (std::ranges::none_of(grants_, [&](const Grant& grant) { return grant.covers(wanted); }))
        return pattern;
    }
  }
  return std::nullopt;
}

Capabilities Capabilities::within(const Capabilities& other) const {
  Capabilities both;
  for (const Grant& one : grants_) {
    for (const Grant& another : other.grants_) {
      // If two grants overlap, one covers the other: each is a name or a prefix.
      if (!one.covers(another) && !another.covers(one)) continue;
      const Grant& narrower = one.covers(another) ? another : one;
      both.grants_.push_back(narrower);
      both.patterns_.push_back(describe(narrower.permission, narrower.name) +
                               (narrower.is_prefix ? "*" : ""));
    }
  }
  return both;
}

std::string describe(Permission permission, std::string_view name) {
  const auto form = std::ranges::find(kForms, permission, &Form::permission);
  return fmt::format("{}{}", form->prefix, name);
}

}  // namespace nexus
