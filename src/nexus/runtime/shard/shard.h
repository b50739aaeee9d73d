// The runtime of one event loop: its panels, their executions, triggers and subscribers, and the pool and the image
// cache that they use. It knows nothing of HTTP.
//
// Thread safety: none unless a function says so. Before the loop runs and after it has ended, the one thread that
// creates and destroys the shard may use it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/idempotency.h"
#include "nexus/runtime/executions/tool_calls.h"
#include "nexus/runtime/exposition/snapshot.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/runtime/shard/panel_service.h"
#include "nexus/runtime/subscribers/subscribers.h"
#include "nexus/runtime/triggers/scheduler.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/disk_cache.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::shard {

// The stage of the process. While it is leaving it still accepts work, from clients that have not yet noticed that it
// is not ready any more.
enum class Stage : std::uint8_t { kStarting, kServing, kLeaving, kDraining };

class Shard;

// The parts of all shards that call one another, one entry for each loop.
struct ShardPeers {
  explicit ShardPeers(std::size_t loops) : shards(loops), schedulers(loops) {}
  std::vector<Peer<Shard>> shards;
  std::vector<Peer<triggers::Scheduler>> schedulers;
};

class Shard {
 public:
  // What all shards share. All of it is thread-safe and must outlive the shards.
  struct Shared {
    const Clock& clock;
    budget::Ledger& ledger;
    sandbox::Runtime& runtime;
    handlers::DiskCache* disk_cache;  // null: no disk cache
    std::span<extensions::Extension* const> extensions;
  };
  // Limits of the whole process; each shard gets its share.
  struct Options {
    std::uint64_t image_cache_bytes = 64 << 20;
    pool::PoolOptions pool{};
    std::uint32_t max_panel_queue = 100;  // of each panel, not shared
    executions::Admission::Options admission{};
    std::uint64_t suspension_ttl_ms = 300'000;
    panels::Ceiling ceiling{};
  };

  // Enters itself at index `own` of `peers`, which must outlive the shard.
  Shard(const Shared& shared, const Options& options, ShardPeers& peers, std::size_t own);
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  boost::asio::io_context& loop() { return loop_; }
  const LoopGroup<Shard>& all() const { return all_; }
  const Clock& clock() const { return shared_.clock; }
  budget::Ledger& ledger() const { return shared_.ledger; }
  const handlers::DiskCache* disk_cache() const { return shared_.disk_cache; }
  handlers::HandlerCache& cache() { return cache_; }
  pool::InstancePool& pool() { return pool_; }
  const panels::Registry& registry() const { return registry_; }
  metrics::Probes& probes() { return probes_; }
  subscribers::Subscribers& subscribers() { return subscribers_; }
  executions::Executions& executions() { return executions_; }
  triggers::Scheduler& scheduler() { return scheduler_; }
  PanelService& panels() { return panels_; }
  executions::ToolCalls& tool_calls() { return tool_calls_; }
  executions::Idempotency& idempotency() { return idempotency_; }

  // The figures of this loop; the caller adds those of the other loops.
  exposition::Snapshot snapshot() const { return exposition::collect(sources_); }
  // The same with each handler of the cache. Slow, for rare requests.
  exposition::Snapshot snapshot_with_handlers() const;
  // At most `count` handlers that run or were called recently: first those that hold the most bytes now, then those
  // whose executions needed the most. Takes some tens of microseconds.
  std::vector<metrics::HandlerUse> hungriest(std::size_t count) const;

  // See Executions.
  void reclaim(std::uint64_t bytes) { executions_.reclaim(bytes); }
  // Gives up surplus idle instances after a peak, a few per call, and the images of handlers that no panel uses. False:
  // nothing is left to do. REQUIRES: nothing runs.
  bool tidy();

  // To be called about every 100 ms.
  void tick();

  // As Executions::preempt(). Thread-safe.
  void preempt() { executions_.preempt(); }

  Stage stage() const { return stage_; }
  void set_stage(Stage stage) { stage_ = stage; }
  // Rejects new work and ends all waits. Calls `at_rest`, later and on this loop, when the last instance was given
  // back.
  void drain(std::move_only_function<void()> at_rest);
  // Ends all executions that still run.
  void abort() { executions_.abort(); }

 private:
  std::vector<metrics::HandlerUse> handlers(std::size_t most) const;

  Shared shared_;
  handlers::HandlerCache cache_;
  pool::InstancePool pool_;
  panels::MemoryRegistry registry_;
  metrics::Probes probes_;
  // Destroyed after the objects that post to it, and before the objects that its coroutines use.
  boost::asio::io_context loop_;
  LoopGroup<Shard> all_;
  LoopGroup<triggers::Scheduler> schedulers_;
  subscribers::Subscribers subscribers_;
  executions::Executions executions_;
  triggers::Scheduler scheduler_;
  PanelService panels_;
  executions::ToolCalls tool_calls_;
  executions::Idempotency idempotency_;
  exposition::Sources sources_;
  Stage stage_ = Stage::kStarting;
};

}  // namespace nexus::shard
