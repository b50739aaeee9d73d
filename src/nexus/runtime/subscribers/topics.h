// What a client wants to be told of.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::subscribers {

// `state`, `state:KEY`, `events`, `events:NAME`. A client that has none is told everything.
class Topics {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostBytes = 1024;  // of one

  // What is wrong with a topic; none: it is one.
  static std::optional<std::string> error_of(std::string_view topic);

  // False: there are too many. One that is there already is not added again. REQUIRES: a topic.
  bool add(std::string_view topic);
  // One that is not there is none to remove.
  void remove(std::string_view topic);

  bool are_all() const { return topics_.empty(); }
  bool wants_whole_state() const;
  bool wants_key(std::string_view key) const { return wants("state", key); }
  bool wants_event(std::string_view name) const { return wants("events", name); }

 private:
  bool wants(std::string_view kind, std::string_view name) const;

  std::vector<std::string> topics_;
};

}  // namespace nexus::subscribers
