// The topics that a client subscribes to.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus::subscribers {

// Topics are `state`, `state:KEY`, `events` and `events:NAME`. A client without topics receives everything.
class Topics {
 public:
  static constexpr std::size_t kMost = 64;
  static constexpr std::size_t kMostBytes = 1024;  // of one topic

  // Why `topic` is invalid; none when it is valid.
  static std::optional<std::string> error_of(std::string_view topic);

  // False: the client has kMost topics already. Adding a topic twice changes nothing. REQUIRES: fault_of(topic) is
  // none.
  bool add(std::string_view topic);
  // Removing a topic that was not added changes nothing.
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
