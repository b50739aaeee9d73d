#include "nexus/runtime/shard/shard.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <unordered_set>

#include "nexus/runtime/loop/placement.h"
#include "nexus/sandbox/execution/instance.h"

namespace nexus::shard {
namespace {

// Splits `total` into `shards` parts that differ by at most one.
template <class T>
T share(T total, std::size_t shards, std::size_t own) {
  return static_cast<T>(total / shards + (own < total % shards ? 1 : 0));
}

pool::PoolOptions share(pool::PoolOptions whole, std::size_t shards, std::size_t own) {
  whole.max_instances = share(whole.max_instances, shards, own);
  whole.min_instances = share(whole.min_instances, shards, own);
  whole.max_queue = share(whole.max_queue, shards, own);
  return whole;
}

executions::Admission::Options share(executions::Admission::Options whole, std::size_t shards,
                                     std::size_t own) {
  whole.max_waiting = share(whole.max_waiting, shards, own);
  return whole;
}

}  // namespace

Shard::Shard(const Shared& shared, const Options& options, ShardPeers& peers, std::size_t own)
    : shared_(shared),
      cache_(share(options.image_cache_bytes, peers.shards.size(), own), shared.ledger, shared.disk_cache),
      pool_(share(options.pool, peers.shards.size(), own), shared.clock,
            [&runtime = shared.runtime] { return sandbox::Instance::create(runtime); }),
      registry_(
          shared.clock, shared.ledger, options.max_panel_queue,
          [shards = peers.shards.size(), own](std::string_view id) { return owner_of(id, shards) == own; }),
      loop_(
          BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // other threads post to the loop, but none uses its sockets
      all_(peers.shards, own, {&loop_, this}),
      schedulers_(peers.schedulers, own, {&loop_, &scheduler_}),
      subscribers_(shared.ledger, probes_),
      executions_(loop_.get_executor(), shared.clock, shared.ledger, cache_, pool_, probes_, shared.runtime,
                  subscribers_, share(options.admission, peers.shards.size(), own),
                  {shared.extensions, options.suspension_ttl_ms, peers.shards.size(), own}),
      scheduler_(schedulers_, shared.clock, executions_, shared.ledger, probes_),
      panels_(registry_, executions_, scheduler_, subscribers_, options.ceiling),
      tool_calls_(registry_, shared.ledger),
      idempotency_(shared.clock, shared.ledger),
      sources_{probes_, cache_, pool_, registry_} {
  executions_.watch([this](const executions::ToolCall& cause, const Journal& journal) {
    scheduler_.committed(cause, journal);
  });
}

std::vector<metrics::HandlerUse> Shard::handlers(std::size_t most) const {
  auto handlers = exposition::collect_handlers(cache_, most);
  std::ranges::move(executions_.running().uses(), std::back_inserter(handlers));
  return handlers;
}

exposition::Snapshot Shard::snapshot_with_handlers() const {
  exposition::Snapshot snapshot = exposition::collect(sources_);
  snapshot.handlers = handlers(SIZE_MAX);
  return snapshot;
}

std::vector<metrics::HandlerUse> Shard::hungriest(std::size_t count) const {
  constexpr std::size_t kLatest = 256;
  return metrics::top_handlers(handlers(kLatest), metrics::HandlerOrder::kHeld, count);
}

bool Shard::tidy() {
  if (executions_.renew_instances()) return true;
  const auto panels = registry_.page({}, registry_.size());
  std::unordered_set<std::string_view> sources;
  for (const auto& panel : panels) {
    for (const panels::Tool& tool : panel->definition()->tools)
      sources.insert(tool.handler);
  }
  executions_.keep_only(sources);
  return false;
}

void Shard::tick() {
  pool_.tick();
  executions_.tick();
  idempotency_.tick();
  probes_.admission.tick(shared_.clock.monotonic_ms());
}

void Shard::drain(std::move_only_function<void()> at_rest) {
  stage_ = Stage::kDraining;
  scheduler_.stop();
  executions_.drain();
  pool_.shutdown([this, at_rest = std::move(at_rest)]() mutable { asio::post(loop_, std::move(at_rest)); });
}

}  // namespace nexus::shard
