#include "shard.h"

#include "embedded.h"
#include "nexus/sandbox/capabilities.h"
#include "nexus/sandbox/instance.h"
#include "nexus/server/placement.h"
#include "settings_mapping.h"
#include "version.h"

namespace nexus::app {
namespace {

// Parts of `total` for `shards` that differ by one at most.
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

}  // namespace

Shard::Shard(const Shared& shared, const config::Settings& settings, std::span<server::Member> members,
             std::size_t own)
    : cache_(share(settings.runtime.image_cache_bytes, members.size(), own), shared.ledger,
             shared.disk_cache),
      pool_(share(pool_options_of(settings.runtime), members.size(), own), shared.clock,
            [&runtime = shared.runtime] { return sandbox::Instance::create(runtime); }),
      registry_(shared.clock, shared.ledger, static_cast<std::uint32_t>(settings.runtime.max_panel_queue),
                [shards = members.size(), own](std::string_view id) {
                  return server::owner_of(id, shards) == own;
                }),
      loop_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),  // others post to it, and none touches its sockets
      loops_(members, own, {&loop_, &api_}),
      api_({loops_, shared.clock, registry_, cache_, shared.disk_cache, pool_, shared.ledger, probes_,
            shared.runtime, shared.memory},
           {settings.runtime, *sandbox::Capabilities::parse(settings.runtime.capabilities)},
           {kVersion, std::string(sandbox::Runtime::engine_version()),
            std::string(sandbox::Runtime::interpreter_version())},
           {.access = access_options_of(settings),
            .admission = {share(settings.runtime.max_queue, members.size(), own),
                          settings.runtime.queue_timeout_ms},
            .extensions = shared.extensions,
            .suspension_ttl_ms = settings.runtime.suspension_ttl_ms,
            .sync_wait_ms = settings.server.sync_wait_ms,
            .sockets = socket_options_of(settings.server),
            .openapi_json = openapi_json()}),
      dispatch_(loops_),
      server_(loop_.get_executor(), shared.clock, shared.ledger, dispatch_, api_, pool_,
              server_options_of(settings)) {}

}  // namespace nexus::app
