// One event loop of the server: a shard of the runtime, and the front that serves it.
#pragma once

#include <cstddef>
#include <vector>

#include "nexus/foundation/config/settings.h"
#include "nexus/front/api/api.h"
#include "nexus/front/api/dispatch.h"
#include "nexus/front/http/server.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/shard/shard.h"

namespace nexus::app {

// The parts of all loops that see one another.
struct LoopPeers {
  explicit LoopPeers(std::size_t loops) : shards(loops), apis(loops) {}
  server::ShardPeers shards;
  std::vector<server::Peer<server::Api>> apis;
};

class ServingLoop {
 public:
  // Enters itself as the `own`th of `peers`, which must outlive it, as `memory` must.
  ServingLoop(const server::Shard::Shared& shared, const metrics::MemorySource& memory,
              const config::Settings& settings, LoopPeers& peers, std::size_t own);
  ServingLoop(const ServingLoop&) = delete;
  ServingLoop& operator=(const ServingLoop&) = delete;

  boost::asio::io_context& loop() { return shard_.loop(); }
  server::Shard& shard() { return shard_; }
  server::Server& server() { return server_; }

 private:
  server::Shard shard_;
  server::Api api_;
  server::LoopGroup<server::Api> apis_;
  server::Dispatch dispatch_;
  server::Server server_;
};

}  // namespace nexus::app
