#include "nexus/runtime/panels/event_pattern.h"

#include <cstring>

#include "nexus/foundation/base/split.h"

namespace nexus::panels {

EventPattern::EventPattern(std::string_view pattern) : has_star_(pattern.contains('*')) {
  if (has_star_) {
    const auto last = pattern.rfind('*');
    suffix_ = pattern.substr(last + 1);
    pattern.remove_suffix(pattern.size() - last);
  }
  prefix_ = take_until(pattern, '*');
  while (!pattern.empty()) {
    if (const auto part = take_until(pattern, '*'); !part.empty()) middle_.emplace_back(part);
  }
}

// Takes the first place of each part: a later one only leaves less for the parts behind it. Uses memmem instead of
// find(), because memmem is linear for all inputs.
bool EventPattern::matches(std::string_view name) const {
  if (name.size() > kMostNameBytes) return false;
  if (!has_star_) return name == prefix_;
  if (name.size() < prefix_.size() + suffix_.size() || !name.starts_with(prefix_) ||
      !name.ends_with(suffix_)) {
    return false;
  }
  name = name.substr(prefix_.size(), name.size() - prefix_.size() - suffix_.size());
  for (const std::string& part : middle_) {
    const auto* found = static_cast<const char*>(memmem(name.data(), name.size(), part.data(), part.size()));
    if (found == nullptr) return false;
    name.remove_prefix(static_cast<std::size_t>(found - name.data()) + part.size());
  }
  return true;
}

}  // namespace nexus::panels
