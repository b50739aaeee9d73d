// One event loop of the server: a shard of the runtime, and the HTTP API in front of it.
#pragma once

#include <cstddef>
#include <vector>

#include "nexus/foundation/config/settings.h"
#include "nexus/front/api/api.h"
#include "nexus/front/api/loop_router.h"
#include "nexus/front/http/server.h"
#include "nexus/runtime/exposition/memory_facts.h"
#include "nexus/runtime/loop/loop_group.h"
#include "nexus/runtime/shard/shard.h"

namespace nexus::app {

class ServingLoop {
 public:
  // Enters itself at index `own` of `peers`. `peers` and `memory` must outlive it.
  ServingLoop(const shard::Shard::Shared& shared, const exposition::MemorySource& memory,
              const config::Settings& settings, api::LoopPeers& peers, std::size_t own);
  ServingLoop(const ServingLoop&) = delete;
  ServingLoop& operator=(const ServingLoop&) = delete;

  boost::asio::io_context& loop() { return shard_.loop(); }
  shard::Shard& shard() { return shard_; }
  http::Server& server() { return server_; }

 private:
  shard::Shard shard_;
  api::Api api_;
  LoopGroup<api::Api> apis_;
  api::LoopRouter loop_router_;
  http::Server server_;
};

}  // namespace nexus::app
