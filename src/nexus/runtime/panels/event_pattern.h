// The pattern of an event trigger: `*` matches any characters, all other characters match themselves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nexus::panels {

// Immutable.
class EventPattern {
 public:
  // A longer name matches no pattern, so that a handler cannot make all patterns scan megabytes.
  static constexpr std::size_t kMostNameBytes = 256;

  explicit EventPattern(std::string_view pattern);

  // Takes time linear in the length of the name.
  bool matches(std::string_view name) const;

 private:
  std::string prefix_;               // before the first star; the whole pattern when there is none
  std::vector<std::string> middle_;  // between stars, in order; none of them empty
  std::string suffix_;               // after the last star
  bool has_star_;
};

}  // namespace nexus::panels
