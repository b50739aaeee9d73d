// The number of CPUs that this process may use: the scheduler's, limited by the control group's quota.
#pragma once

#include <optional>

#include "nexus/foundation/system/kernel_file.h"

namespace nexus::system {

// The tightest quota among this process's control group and its ancestors, in CPUs (1.5: one and a half), or none.
// Reads cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us over cpu.cfs_period_us); malformed files count as no quota.
std::optional<double> cpu_quota(const ReadFile& read);

// Whole CPUs, at least 1. A quota is rounded down, because more threads would only wait for each other.
unsigned usable_cpus(unsigned allowed_by_scheduler, std::optional<double> quota);

}  // namespace nexus::system
