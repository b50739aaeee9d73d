// All executions of one loop that have an id to be asked for: suspended, running beyond their first segment, and ended ones
// whose results are kept for a while.
//
// Results are forgotten 5 minutes after the end, and earlier when there are too many: of callers more than 10,000 or 4 MiB, of
// triggers more than 1,000 or 1 MiB. The two are apart, so that a trigger of every second does not push out results that a
// caller has still to fetch.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "nexus/runtime/executions/execution.h"

namespace nexus::executions {

class ExecutionTable {
 public:
  using Predicate = std::function<bool(const Execution&)>;

  void add(const ExecutionPtr& execution) { by_id_.emplace(execution->id, execution); }
  ExecutionPtr find(std::string_view id) const;  // null: unknown, or forgotten
  void for_each(const std::function<void(const Execution&)>& look) const;
  std::vector<ExecutionPtr> all_of(const Predicate& is_one) const;

  // Keeps the result of an execution of this table that has just ended.
  void keep_result(const ExecutionPtr& execution);
  void forget_results_of(const panels::Panel& panel);
  // Forgets results that are too old.
  void tick(std::int64_t now_ms);
  // Forgets results until `bytes` are freed or none is left, first those of triggers, each in order of their ends. Returns the
  // bytes freed.
  std::uint64_t reclaim(std::uint64_t bytes);

 private:
  struct Results {
    std::uint64_t most_bytes;
    std::size_t most;
    std::deque<ExecutionPtr> ended{};  // in order of their ends
    std::uint64_t bytes = 0;
  };
  Results& results_with(const Execution& execution);
  void trim(Results& results, std::int64_t now_ms);
  std::uint64_t forget_oldest(Results& results);
  void forget(Results& results, const Execution& execution);

  std::unordered_map<std::string_view, ExecutionPtr> by_id_;
  Results of_callers_{.most_bytes = 4 << 20, .most = 10'000};
  Results of_triggers_{.most_bytes = 1 << 20, .most = 1'000};
};

}  // namespace nexus::executions
