// What this process finds around it: walls, processors, limits of processes, the folder of the cache.
#pragma once

#include "nexus/foundation/config/settings.h"
#include "nexus/foundation/diagnostics/fit.h"

namespace nexus::app {

budget::Wishes wishes_of(const config::Settings& settings);
budget::Surroundings look_around(const config::Settings& settings);

}  // namespace nexus::app
