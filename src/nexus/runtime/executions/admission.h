// Reserves bytes for an execution before it starts: at once, after idle memory has been reclaimed, or after a bounded wait.
// Otherwise it rejects, with the layer, the bytes wanted and free, and Retry-After.
//
// Thread safety: none; it belongs to one loop. It notices within 2 ms what other loops give back.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/budget/byte_queue.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::executions {

// Estimates how long executions of this loop hold their instances, as a moving average over about 16 of them. Retry-After is
// computed from it.
class ServiceTimeEstimator {
 public:
  void record_us(std::uint64_t us) { mean_us_ = mean_us_ == 0 ? us : mean_us_ - mean_us_ / 16 + us / 16; }
  // The time until `ahead` executions have ended, of which `at_once` run side by side; clamped to between a second, the least
  // that Retry-After can say, and half a minute.
  int retry_after_ms(std::uint64_t ahead, std::uint64_t at_once) const;

 private:
  std::uint64_t mean_us_ = 0;
};

class Admission {
 public:
  struct Options {
    std::uint64_t max_waiting = 1024;  // MAX_QUEUE
    std::uint64_t timeout_ms = 2000;   // QUEUE_TIMEOUT_MS
  };

  Admission(Executor executor, const Clock& clock, budget::Ledger& ledger, pool::InstancePool& pool,
            handlers::HandlerCache& cache, metrics::Probes& probes, Options options);

  // Bytes of kind kInstances. kOverloaded with Retry-After: the queue is full, or it is `until_ms` of the monotonic clock. A
  // reservation that lets a call start (kStart) need not queue behind those for growth.
  Task<Result<budget::Grant>> reserve(std::uint64_t bytes, budget::Need need, std::int64_t until_ms);
  std::uint64_t timeout_ms() const { return timeout_ms_; }

  // Frees `bytes`: instances above minInstances, images that no execution runs, and soon afterwards cache files that are memory.
  void reclaim(std::uint64_t bytes);

  // A few times a second: keeps probes.retry_after_ms current.
  void tick();

  // `us`: how long a segment has held its instance.
  void record_us(std::uint64_t us) { service_times_.record_us(us); }
  // The same error, with Retry-After computed from the present load.
  Error with_retry_after(Error refusal, std::uint64_t ahead_in_panel) const;

 private:
  using Ready = std::move_only_function<void(Result<budget::Grant>)>;
  struct Waiting {
    Ready ready;
    std::uint64_t bytes;
    budget::Need need;
  };

  std::optional<budget::Grant> try_take(std::uint64_t bytes, budget::Need need);
  std::optional<budget::Grant> take_from_idle(std::uint64_t bytes, budget::Need need);
  void wait(std::uint64_t bytes, budget::Need need, std::int64_t until_ms, Ready ready);
  Task<void> serve_the_waiting();
  int retry_after_ms() const;
  Error refusal_of(std::uint64_t bytes, budget::Need need) const;

  Executor executor_;
  const Clock& clock_;
  budget::Ledger& ledger_;
  pool::InstancePool& pool_;
  handlers::HandlerCache& cache_;
  metrics::Probes& probes_;
  ServiceTimeEstimator service_times_;
  std::uint64_t timeout_ms_;
  budget::ByteQueue queue_;
  budget::ByteQueue::Id last_id_ = 0;
  std::unordered_map<budget::ByteQueue::Id, Waiting> waiting_;
  Error latest_refusal_{.code = ErrorCode::kOverloaded};
  // Until then a reclaim for so many bytes or more is not tried again, because it was in vain.
  std::uint64_t futile_until_us_ = 0, futile_bytes_ = 0;
  Timer timer_;
};

}  // namespace nexus::executions
