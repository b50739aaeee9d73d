// Who sleeps until when: decisions on numbers, without a clock or threads.
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

// Not thread-safe. A sleeper is one node of 64 bytes and its place in a table: at most 100 bytes with the allocator's own.
class Sleepers {
 public:
  struct Sleeper {
    std::uint64_t due_us;
    CallId id;
    Settlements* settlements;
  };

  void add(const Sleeper& sleeper) { all_.insert(sleeper); }
  void remove(CallId id) { all_.get<1>().erase(id); }
  // Those who are due, in order, `most` of them; they are out.
  std::vector<Sleeper> take_due(std::uint64_t now_us, std::size_t most);
  // None: nobody sleeps.
  std::optional<std::uint64_t> next_due_us() const;
  std::size_t size() const { return all_.size(); }

 private:
  using ByDue = boost::multi_index::ordered_non_unique<
      boost::multi_index::member<Sleeper, std::uint64_t, &Sleeper::due_us>>;
  using ById = boost::multi_index::hashed_unique<boost::multi_index::member<Sleeper, CallId, &Sleeper::id>,
                                                 std::hash<CallId>>;
  boost::multi_index_container<Sleeper, boost::multi_index::indexed_by<ByDue, ById>> all_;
};

}  // namespace nexus::extensions
