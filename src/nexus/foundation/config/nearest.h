// Finds the known name that a mistyped one most likely meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nexus::config {

// One spelling of a name. It may be a wrong one: "server.timeout_ms" for "runtime.timeout_ms".
struct Spelling {
  std::string text;
  std::string name;
  unsigned handicap = 0;  // letters added to its distance
};

// The name whose spelling has the smallest edit distance from `written`, the first of equals; case does not count.
// Empty if every distance exceeds both two letters and a third of the letters of `written`.
std::string nearest(std::string_view written, const std::vector<Spelling>& known);

// ": did you mean NAME?", or empty.
std::string did_you_mean(std::string_view written, const std::vector<Spelling>& known);

}  // namespace nexus::config
