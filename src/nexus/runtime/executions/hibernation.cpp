#include "nexus/runtime/executions/hibernation.h"

#include <limits>

namespace nexus::executions {
namespace {

constexpr std::int64_t kAfterMs =
    100;  // most executions are resumed sooner and skip compression and decompression
constexpr std::uint64_t kMostUs = 5000;  // in one turn of the loop; a small delta takes 3 us

}  // namespace

void Hibernation::tick() {
  compress(clock_.monotonic_ms() - kAfterMs, std::numeric_limits<std::uint64_t>::max());
}

std::uint64_t Hibernation::reclaim(std::uint64_t bytes) {
  return compress(std::numeric_limits<std::int64_t>::max(), bytes);
}

std::uint64_t Hibernation::compress(std::int64_t since_ms, std::uint64_t wanted_bytes) {
  const std::uint64_t began_us = clock_.monotonic_us();
  std::uint64_t freed = 0, spent_us = 0;
  while (spent_us < kMostUs && freed < wanted_bytes && !awake_.empty() &&
         awake_.front().since_ms <= since_ms) {
    const Awake& first = awake_.front();
    const auto execution = first.execution.lock();
    if (execution != nullptr && execution->status == Execution::Status::kSuspended &&
        execution->changed_ms == first.since_ms && !execution->is_hibernated) {
      memory::Delta& delta = execution->suspended->delta;
      const std::size_t before = delta.bytes();
      delta.compress_some();
      freed += before - delta.bytes();
      spent_us = clock_.monotonic_us() - began_us;
      if (!delta.is_compressed()) continue;
      execution->is_hibernated = true;
      --probes_.in_progress.suspended;
      ++probes_.in_progress.hibernated;
    }
    awake_.pop_front();
  }
  return freed;
}

}  // namespace nexus::executions
