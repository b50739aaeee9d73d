// The sleepers of $ext.timer by due time: pure data, without clock or threads.
#pragma once

#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "nexus/runtime/extensions/extension.h"

namespace nexus::extensions {

// Thread safety: none. A sleeper takes at most 100 bytes: a node of 64 bytes, its place in a table, and the allocator's
// own.
class Sleepers {
 public:
  struct Sleeper {
    std::uint64_t due_us;
    CallId id;
    Settlements* settlements;
  };

  void add(const Sleeper& sleeper) { all_.insert(sleeper); }
  void remove(CallId id) { all_.get<1>().erase(id); }
  // Removes and returns at most `most` due sleepers, in order of their due times.
  std::vector<Sleeper> take_due(std::uint64_t now_us, std::size_t most) {
    std::vector<Sleeper> due;
    auto end = all_.begin();
    for (; end != all_.end() && end->due_us <= now_us && due.size() < most; ++end)
      due.push_back(*end);
    all_.erase(all_.begin(), end);
    return due;
  }
  // None: there are no sleepers.
  std::optional<std::uint64_t> next_due_us() const {
    if (all_.empty()) return std::nullopt;
    return all_.begin()->due_us;
  }
  std::size_t size() const { return all_.size(); }

 private:
  using ByDue = boost::multi_index::ordered_non_unique<
      boost::multi_index::member<Sleeper, std::uint64_t, &Sleeper::due_us>>;
  using ById = boost::multi_index::hashed_unique<boost::multi_index::member<Sleeper, CallId, &Sleeper::id>,
                                                 std::hash<CallId>>;
  boost::multi_index_container<Sleeper, boost::multi_index::indexed_by<ByDue, ById>> all_;
};

}  // namespace nexus::extensions
