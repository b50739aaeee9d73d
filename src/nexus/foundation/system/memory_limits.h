// The memory limits of this process, and the bytes that may be granted within them. Pure: the kernel's figures go in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/foundation/system/container_memory.h"

namespace nexus::system {

struct MemoryLimits {
  std::optional<std::uint64_t> container_limit_bytes;  // none: no container limit
  std::string container_limit_file;
  // Of the whole container, this process included. 0 without a limit, because the group may be a whole session or
  // machine.
  std::uint64_t container_usage_bytes = 0;
  std::uint64_t working_set_bytes = 0;  // compared with the accounted bytes
  std::uint64_t neighbours_bytes = 0;   // use of the container's limit by others, see ContainerMemory

  std::uint64_t machine_total_bytes = 0;  // 0: unknown
  std::uint64_t machine_available_bytes = 0;

  std::uint64_t budget_bytes = 0;     // MEMORY_BUDGET_MB, or its default
  std::uint64_t reserve_bytes = 0;    // never granted
  std::uint64_t grantable_bytes = 0;  // to all kinds together, independent of current use

  std::string_view tightest;  // "container" or "budget", as in LimitReached::layer
  std::string_view setting;   // the setting that changes the tightest limit

  bool operator==(const MemoryLimits&) const = default;
};

// The default budget: the container's limit, else 80 % of the machine. A container limit above the machine's memory
// counts as none.
std::uint64_t default_budget_bytes(const ContainerMemory& container, std::uint64_t machine_total_bytes);

// max(32 MiB, 5 %) of a limit; an eighth of a limit below 256 MiB, so that enough is left to grant: 8 MiB of 64.
std::uint64_t reserve_bytes_of(std::uint64_t limit_bytes);

// `meminfo` is the text of /proc/meminfo, `setting_bytes` MEMORY_BUDGET_MB.
MemoryLimits memory_limits_of(const ContainerMemory& container, std::string_view meminfo,
                              std::optional<std::uint64_t> setting_bytes);

}  // namespace nexus::system
