// Hibernates suspended executions: compresses their deltas 100 ms after the suspension, or earlier when memory is scarce.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/execution.h"

namespace nexus::executions {

class Hibernation {
 public:
  Hibernation(const Clock& clock, metrics::Probes& probes) : clock_(clock), probes_(probes) {}

  // `execution` suspends at its `changed_ms`.
  void add(const ExecutionPtr& execution) { awake_.push_back({execution->changed_ms, execution}); }
  // Hibernates those that suspended 100 ms ago or earlier.
  void tick();
  // Hibernates in order of suspension until `bytes` are freed or this turn of the loop has lasted long enough. Returns the bytes
  // freed.
  std::uint64_t reclaim(std::uint64_t bytes);

 private:
  struct Awake {
    std::int64_t since_ms;
    std::weak_ptr<Execution> execution;  // it may have been resumed or have ended
  };
  std::uint64_t compress(std::int64_t since_ms, std::uint64_t wanted_bytes);

  const Clock& clock_;
  metrics::Probes& probes_;
  std::deque<Awake> awake_;  // in order of suspension
};

}  // namespace nexus::executions
