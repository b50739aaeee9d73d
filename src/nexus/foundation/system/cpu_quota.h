// How many CPUs this process may use at once: what the scheduler allows, less what its control group's quota leaves.
#pragma once

#include <optional>

#include "nexus/foundation/system/kernel_file.h"

namespace nexus::system {

// The tightest quota among this process's control group and its ancestors, in CPUs (1.5: three halves of one); none when
// there is no quota. Reads cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us over cpu.cfs_period_us); what it cannot make
// sense of is no quota.
std::optional<double> cpu_quota(const ReadFile& read);

// Whole CPUs, at least 1: a quota is rounded down, because threads beyond it would only wait for each other.
unsigned usable_cpus(unsigned allowed_by_scheduler, std::optional<double> quota);

}  // namespace nexus::system
