#include "nexus/runtime/subscribers/topics.h"

#include <fmt/format.h>

#include <algorithm>

namespace nexus::subscribers {

std::optional<std::string> Topics::error_of(std::string_view topic) {
  if (topic.size() > kMostBytes) return fmt::format("is longer than {} bytes", kMostBytes);
  const std::string_view kind = topic.substr(0, topic.find(':'));
  if (kind == "state" || kind == "events") return std::nullopt;
  return "must be state, state:KEY, events or events:NAME";
}

bool Topics::add(std::string_view topic) {
  if (std::ranges::find(topics_, topic) != topics_.end()) return true;
  if (topics_.size() == kMost) return false;
  topics_.emplace_back(topic);
  return true;
}

void Topics::remove(std::string_view topic) {
  std::erase(topics_, topic);
  if (topics_.empty()) topics_.shrink_to_fit();
}

bool Topics::wants_whole_state() const {
  return are_all() || std::ranges::find(topics_, "state") != topics_.end();
}

bool Topics::wants(std::string_view kind, std::string_view name) const {
  return are_all() || std::ranges::any_of(topics_, [=](std::string_view topic) {
           if (!topic.starts_with(kind)) return false;
           topic.remove_prefix(kind.size());
           return topic.empty() || topic.substr(1) == name;
         });
}

}  // namespace nexus::subscribers
