// One segment on its way from the queue to its commit, and everything that it holds meanwhile.
//
//   acquire: turn, bytes, instance ─► enter ─► slices ─► settle ─► suspended, or ended
//                                     ├ first segment: (load the handler,) start
//                                     └ later segment: restore the memory, resume
//
// Executions (executions_segment.cpp) drives it. Destruction gives the instance back first, then the turn.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/execution.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::executions {

inline constexpr std::int64_t kNoDeadline = std::numeric_limits<std::int64_t>::max();

struct SegmentRun {
  // The first segment of a call. `first` must outlive it.
  SegmentRun(ToolCall& first, metrics::Present& place) : call(first), state(place) {}
  // The next segment of a suspended execution.
  SegmentRun(ExecutionPtr suspended, metrics::Present& place)
      : call(suspended->call),
        execution(std::move(suspended)),
        handler(execution->handler),
        state(place),
        cache_hit(execution->cache_hit) {}

  bool is_resumed() const { return execution != nullptr; }

  ToolCall& call;
  ExecutionPtr execution;                            // null in a first segment, until settle() makes one
  std::shared_ptr<const handlers::Handler> handler;  // null: not looked up, or its image is not in the cache
  metrics::Present& state;                           // where the execution is counted
  std::optional<panels::Turn> turn;
  budget::Grant prepaid;  // growth that the handler is expected to need
  pool::Lease lease;
  std::optional<Error> load_error;  // the handler does not load: the execution ends in this error
  std::string id;                   // of the execution, in a first segment
  std::int64_t until_ms = 0;        // deadline of all waits of acquire; 0: not set yet
  std::uint64_t earlier_us = 0;     // running time of earlier segments
  std::uint64_t sliced_us = 0;      // from the end of the first slice to the end of the last
  bool is_looked_up = false;        // in the cache of images
  bool is_pool_asked = false;       // for an idle instance
  bool cache_hit = false;
  bool may_use_start_reserve = false;  // it has been refused for long
};

}  // namespace nexus::executions
