// The environment of the process: memory limits, processors, process limits, and the filesystem of the cache.
#pragma once

#include "nexus/foundation/config/settings.h"
#include "nexus/foundation/diagnostics/capacity_check.h"

namespace nexus::app {

diagnostics::Requirements requirements_of(const config::Settings& settings);
diagnostics::Environment look_around(const config::Settings& settings);

}  // namespace nexus::app
