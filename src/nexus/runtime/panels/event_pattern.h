// The pattern of an event trigger: `*` stands for any run of characters, all else for itself.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nexus::panels {

// Immutable.
class EventPattern {
 public:
  // Longer names match nothing, so that whoever makes up names cannot make all patterns walk through megabytes.
  static constexpr std::size_t kMostNameBytes = 256;

  explicit EventPattern(std::string_view pattern);

  // In time linear in the length of the name.
  bool matches(std::string_view name) const;

 private:
  std::string prefix_;               // before the first star; all of it when there is none
  std::vector<std::string> middle_;  // between stars, in order; none is empty
  std::string suffix_;               // after the last star
  bool has_star_;
};

}  // namespace nexus::panels
