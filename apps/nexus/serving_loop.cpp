#include "serving_loop.h"

#include "embedded.h"
#include "settings_mapping.h"
#include "version.h"

namespace nexus::app {

ServingLoop::ServingLoop(const shard::Shard::Shared& shared, const exposition::MemorySource& memory,
                         const config::Settings& settings, api::LoopPeers& peers, std::size_t own)
    : shard_(shared, shard_options_of(settings.runtime), peers.shards, own),
      api_(shard_, memory,
           {kVersion, std::string(sandbox::Runtime::engine_version()),
            std::string(sandbox::Runtime::interpreter_version())},
           {.authorizer = authorizer_options_of(settings),
            .sync_wait_ms = settings.server.sync_wait_ms,
            .sockets = socket_options_of(settings.server),
            .openapi_json = openapi_json()}),
      apis_(peers.apis, own, {&shard_.loop(), &api_}),
      loop_router_(apis_),
      server_(shard_.loop().get_executor(), shared.clock, shared.ledger, loop_router_, api_,
              server_options_of(settings)) {}

}  // namespace nexus::app
