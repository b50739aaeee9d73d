// From the operator's settings to what the parts are built with.
#pragma once

#include <optional>

#include "nexus/config/settings.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/sandbox/limits.h"
#include "nexus/sandbox/runtime.h"
#include "nexus/server/server.h"

namespace nexus::app {

sandbox::Limits limits_of(const config::Settings& settings);
sandbox::RuntimeOptions runtime_options_of(const config::Settings& settings);
pool::PoolOptions pool_options_of(const config::Settings& settings);
server::ServerOptions server_options_of(const config::Settings& settings);

// The settings of this process's environment, with logging set up by them. None when there are faults: they have been
// printed, and the exit status is 2.
std::optional<config::Settings> load_settings();

}  // namespace nexus::app
