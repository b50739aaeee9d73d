// Calls that wait for one of the places: each panel in its turn, and in order of arrival within a panel, so that a
// panel that requests a thousand pages does not delay the others.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

// Thread safety: none.
class HttpQueue {
 public:
  void add(std::string_view panel, CallId id);
  // Does nothing when the call is not in the queue.
  void remove(CallId id);
  // Removes the next call and returns it.
  std::optional<CallId> take_next();
  std::size_t size() const { return places_.size(); }

 private:
  struct Line {
    std::string panel;
    std::list<CallId> calls;  // of one panel, never empty
  };
  struct Place {
    std::list<Line>::iterator line;
    std::list<CallId>::iterator call;
  };
  std::list<Line> lines_;  // the first panel is next
  std::map<std::string, std::list<Line>::iterator, std::less<>> by_panel_;
  std::unordered_map<CallId, Place> places_;
};

}  // namespace nexus::extensions
