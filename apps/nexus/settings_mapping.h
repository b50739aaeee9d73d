// From the operator's settings to what the parts are built with.
#pragma once

#include "nexus/config/settings.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/sandbox/limits.h"
#include "nexus/sandbox/runtime.h"
#include "nexus/server/access.h"
#include "nexus/server/server.h"

namespace nexus::app {

sandbox::Limits limits_of(const config::ResourceLimits& limits);
sandbox::RuntimeOptions runtime_options_of(const config::RuntimeConfig& runtime);
pool::PoolOptions pool_options_of(const config::RuntimeConfig& runtime);
server::ServerOptions server_options_of(const config::ServerConfig& server);
server::AccessOptions access_options_of(const config::Settings& settings);

}  // namespace nexus::app
