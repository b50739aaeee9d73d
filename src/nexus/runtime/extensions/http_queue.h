// Who waits for one of the requests that may be in progress at once: each panel in its turn, and within a panel in order of
// arrival, so that one that asks for a thousand pages does not make the others wait for all of them.
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

// Not thread-safe.
class HttpQueue {
 public:
  void add(std::string_view panel, CallId id);
  // Nothing happens when it does not wait.
  void remove(CallId id);
  // Whose turn it is; it is out.
  std::optional<CallId> take_next();
  std::size_t size() const { return places_.size(); }

 private:
  struct Line {
    std::string panel;
    std::list<CallId> calls;  // never empty
  };
  struct Place {
    std::list<Line>::iterator line;
    std::list<CallId>::iterator call;
  };
  std::list<Line> lines_;  // the first is next
  std::map<std::string, std::list<Line>::iterator, std::less<>> by_panel_;
  std::unordered_map<CallId, Place> places_;
};

}  // namespace nexus::extensions
