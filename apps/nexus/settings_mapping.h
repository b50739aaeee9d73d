// Translates the operator's settings to the options of the parts.
#pragma once

#include <optional>

#include "nexus/foundation/budget/memory_monitor.h"
#include "nexus/foundation/config/settings.h"
#include "nexus/front/api/api.h"
#include "nexus/front/auth/authorizer.h"
#include "nexus/front/http/listener.h"
#include "nexus/front/http/server.h"
#include "nexus/runtime/shard/shard.h"
#include "nexus/sandbox/execution/runtime.h"
#include "nexus/sandbox/handlers/disk_cache.h"

namespace nexus::app {

sandbox::RuntimeOptions runtime_options_of(const config::RuntimeConfig& runtime);
budget::MemoryMonitor::Options memory_monitor_options_of(const config::RuntimeConfig& runtime);

// None: the cache is switched off.
std::optional<handlers::DiskCache::Options> disk_cache_options_of(const config::RuntimeConfig& settings,
                                                                  const sandbox::Runtime& runtime);
shard::Shard::Options shard_options_of(const config::RuntimeConfig& runtime);
http::Server::Options server_options_of(const config::Settings& settings);
http::Listener::Options listener_options_of(const config::ServerConfig& server);
http::Listener::Options ws_listener_options_of(const config::ServerConfig& server);
api::SocketOptions socket_options_of(const config::ServerConfig& server);
// The number of event loops: one for each processor that is granted, and at most one for each allowed instance.
std::size_t loops_of(const config::Settings& settings);
auth::AuthorizerOptions authorizer_options_of(const config::Settings& settings);

}  // namespace nexus::app
