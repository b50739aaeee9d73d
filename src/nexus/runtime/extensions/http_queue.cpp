#include "nexus/runtime/extensions/http_queue.h"

namespace nexus::extensions {

void HttpQueue::add(std::string_view panel, CallId id) {
  auto found = by_panel_.find(panel);
  if (found == by_panel_.end()) {
    const auto line = lines_.insert(lines_.end(), {std::string(panel), {}});
    found = by_panel_.emplace(panel, line).first;
  }
  const auto line = found->second;
  places_.emplace(id, Place{line, line->calls.insert(line->calls.end(), id)});
}

void HttpQueue::remove(CallId id) {
  const auto place = places_.find(id);
  if (place == places_.end()) return;
  const auto line = place->second.line;
  line->calls.erase(place->second.call);
  places_.erase(place);
  if (!line->calls.empty()) return;
  by_panel_.erase(line->panel);
  lines_.erase(line);
}

std::optional<CallId> HttpQueue::take_next() {
  if (lines_.empty()) return std::nullopt;
  const CallId id = lines_.front().calls.front();
  lines_.splice(lines_.end(), lines_, lines_.begin());
  remove(id);
  return id;
}

}  // namespace nexus::extensions
