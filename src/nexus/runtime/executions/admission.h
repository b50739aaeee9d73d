// Bytes for an execution before it starts: at once, after what is idle has been given up, or after a bounded wait; else a
// refusal that says which layer, how much was wanted and free, and when to come again.
//
// Thread safety: none; it belongs to one loop. What other loops give back is noticed within kPollMs.
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

// How long executions of this loop have held their instances of late: what Retry-After is computed from.
class ServiceTimeEstimator {
 public:
  void record_us(std::uint64_t us) { mean_us_ = mean_us_ == 0 ? us : mean_us_ - mean_us_ / 16 + us / 16; }
  // Until `ahead` executions have ended, of which `at_once` run side by side: between a second, the least that the header
  // can say, and half a minute.
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

  // Of kind kInstances. kOverloaded with Retry-After. Who only wants to start need not queue behind those who want more.
  Task<Result<budget::Grant>> reserve(std::uint64_t bytes, budget::Need need);

  // Gives up what is idle until so many bytes are free again: instances above minInstances, images nobody runs, and soon
  // afterwards cache files that are memory.
  void reclaim(std::uint64_t bytes);

  // A few times a second: keeps probes.retry_after_ms current.
  void tick();

  // How long an execution has held its instance.
  void record_us(std::uint64_t us) { service_time_.record_us(us); }
  // The same refusal, with the time to come again computed from what is going on.
  Error with_retry_after(Error refusal, std::uint64_t ahead_in_panel) const;

 private:
  using Ready = std::move_only_function<void(Result<budget::Grant>)>;
  struct Waiting {
    Ready ready;
    std::uint64_t bytes;
    budget::Need need;
  };

  std::optional<budget::Grant> try_take(std::uint64_t bytes, budget::Need need);
  std::optional<budget::Grant> take_from_the_idle(std::uint64_t bytes, budget::Need need);
  void wait(std::uint64_t bytes, budget::Need need, Ready ready);
  Task<void> serve_the_waiting();
  int retry_after_ms() const;
  Error refusal_of(std::uint64_t bytes, budget::Need need) const;

  Executor executor_;
  const Clock& clock_;
  budget::Ledger& ledger_;
  pool::InstancePool& pool_;
  handlers::HandlerCache& cache_;
  metrics::Probes& probes_;
  ServiceTimeEstimator service_time_;
  budget::ByteQueue queue_;
  budget::ByteQueue::Id last_id_ = 0;
  std::unordered_map<budget::ByteQueue::Id, Waiting> waiting_;
  Error latest_refusal_{.code = ErrorCode::kOverloaded};
  std::uint64_t futile_until_us_ = 0,
                futile_bytes_ = 0;  // giving up more was not enough for so many a moment ago
  Timer timer_;
};

}  // namespace nexus::executions
