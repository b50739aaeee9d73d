// Which known name someone may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nexus::config {

// A way to write a name, which need not be the right one: "server.timeout_ms" for "runtime.timeout_ms".
struct Spelling {
  std::string text;
  std::string name;
  unsigned handicap = 0;  // how many letters it counts as further away than it is
};

// The name whose spelling takes the fewest inserted, dropped or changed letters; the first of several.
// Letters' case does not count. Empty: none is within a third of its letters, or two.
std::string nearest(std::string_view written, const std::vector<Spelling>& known);

// ": did you mean NAME?", or nothing.
std::string did_you_mean(std::string_view written, const std::vector<Spelling>& known);

}  // namespace nexus::config
