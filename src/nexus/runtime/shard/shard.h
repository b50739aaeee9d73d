// What one event loop owns of the runtime: its panels, their executions, triggers and subscribers, and the pool and the image
// cache that they use. It knows nothing of HTTP.
//
// Thread safety: none but where it is said; it is used on its loop's thread, and before and after that on the one thread that
// builds and ends it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <span>
#include <vector>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/executions/idempotency.h"
#include "nexus/runtime/exposition/snapshot.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/runtime/shard/panel_service.h"
#include "nexus/runtime/shard/tool_calls.h"
#include "nexus/runtime/subscribers/audience.h"
#include "nexus/runtime/triggers/automation.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/disk_cache.h"
#include "nexus/sandbox/handlers/handler_cache.h"
#include "nexus/sandbox/pool/instance_pool.h"

namespace nexus::shard {

// Where the program is in its life. While it is leaving it still takes work, for clients that have not heard yet that it is
// not ready any more.
enum class Stage : std::uint8_t { kStarting, kServing, kLeaving, kDraining };

class Shard;

// The parts of all shards that see one another, one place for each loop.
struct ShardPeers {
  explicit ShardPeers(std::size_t loops) : shards(loops), automations(loops) {}
  std::vector<Peer<Shard>> shards;
  std::vector<Peer<triggers::Automation>> automations;
};

class Shard {
 public:
  // What all shards share, all of it thread-safe. Must outlive them.
  struct Shared {
    const Clock& clock;
    budget::Ledger& ledger;
    sandbox::Runtime& runtime;
    handlers::DiskCache* disk_cache;  // null: there is none
    std::span<extensions::Extension* const> extensions;
  };
  // Bounds of the whole process, which are divided among its shards.
  struct Options {
    std::uint64_t image_cache_bytes = 64 << 20;
    pool::PoolOptions pool{};
    std::uint32_t max_panel_queue = 100;  // of each panel: not divided
    executions::Admission::Options admission{};
    std::uint64_t suspension_ttl_ms = 300'000;
    panels::Ceiling ceiling{};
  };

  // Enters itself as the `own`th of `peers`, which must outlive it.
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
  subscribers::Audience& audience() { return audience_; }
  executions::Executions& executions() { return executions_; }
  triggers::Automation& automation() { return automation_; }
  PanelService& panels() { return panels_; }
  ToolCalls& tool_calls() { return tool_calls_; }
  executions::Idempotency& idempotency() { return idempotency_; }

  // What this loop has, to be added to what the others have.
  exposition::Snapshot snapshot() const { return exposition::collect(sources_); }
  // For rare readers: all handlers of the cache are looked at.
  exposition::Snapshot snapshot_with_handlers() const;
  // Of the handlers that run or were called last, at most so many: first those that hold the most bytes, then those that have
  // needed the most. Some tens of microseconds.
  std::vector<metrics::HandlerUse> hungriest(std::size_t count) const;

  // See Executions.
  void reclaim(std::uint64_t bytes) { executions_.reclaim(bytes); }
  // Gives up, a few at a time, the instances that a peak has left, and the images of handlers that no panel has. False: nothing
  // is left to do. REQUIRES: nothing runs.
  bool tidy();

  // To be called about every 100 ms.
  void tick();

  // As Executions::hurry(). Thread-safe.
  void hurry() { executions_.preempt(); }

  Stage stage() const { return stage_; }
  void set_stage(Stage stage) { stage_ = stage; }
  // Takes no more work, and lets nothing wait any more. Calls `at_rest`, later and on this loop, when the last instance is given
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
  // Goes after what posts to it, before what its coroutines hold.
  boost::asio::io_context loop_;
  LoopGroup<Shard> all_;
  LoopGroup<triggers::Automation> automations_;
  subscribers::Audience audience_;
  executions::Executions executions_;
  triggers::Automation automation_;
  PanelService panels_;
  ToolCalls tool_calls_;
  executions::Idempotency idempotency_;
  exposition::Sources sources_;
  Stage stage_ = Stage::kStarting;
};

}  // namespace nexus::shard
