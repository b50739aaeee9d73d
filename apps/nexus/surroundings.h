// What this process finds around it: walls, processors, limits of processes, the folder of the cache.
#pragma once

#include "nexus/budget/fit.h"
#include "nexus/config/settings.h"

namespace nexus::app {

budget::Wishes wishes_of(const config::Settings& settings);
budget::Surroundings look_around(const config::Settings& settings);

}  // namespace nexus::app
