#include "nexus/foundation/system/memory_limits.h"

#include <algorithm>
#include <charconv>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/base/text.h"
#include "nexus/foundation/base/units.h"

namespace nexus::system {
namespace {

constexpr std::uint64_t kMostReserveWithoutShare = 32_MiB;
constexpr std::uint64_t kUnknownMachine = 1_GiB;  // if /proc/meminfo cannot be read either

// The value of a line such as "MemTotal:       24684084 kB", in bytes; 0 if it is missing.
std::uint64_t meminfo_bytes(std::string_view text, std::string_view name) {
  constexpr std::uint64_t kMost = std::uint64_t{1}
                                  << 50;  // in KiB; a larger value is garbage and would overflow
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    if (take_until(line, ':') != name) continue;
    line = trimmed(line);
    std::uint64_t kib = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), kib);
    const bool is_number =
        error == std::errc() && std::string_view(end, line.data() + line.size()) == " kB" && kib < kMost;
    return is_number ? kib * 1_KiB : 0;
  }
  return 0;
}

bool limits_us(const ContainerMemory& container, std::uint64_t machine_total_bytes) {
  return container.limit_bytes && (machine_total_bytes == 0 || *container.limit_bytes < machine_total_bytes);
}

}  // namespace

std::uint64_t default_budget_bytes(const ContainerMemory& container, std::uint64_t machine_total_bytes) {
  if (limits_us(container, machine_total_bytes)) return *container.limit_bytes;
  return machine_total_bytes == 0 ? kUnknownMachine : machine_total_bytes / 5 * 4;
}

std::uint64_t reserve_bytes_of(std::uint64_t limit_bytes) {
  return std::max(limit_bytes / 20, std::min(kMostReserveWithoutShare, limit_bytes / 8));
}

MemoryLimits memory_limits_of(const ContainerMemory& container, std::string_view meminfo,
                              std::optional<std::uint64_t> setting_bytes) {
  MemoryLimits limits;
  limits.machine_total_bytes = meminfo_bytes(meminfo, "MemTotal");
  limits.machine_available_bytes = meminfo_bytes(meminfo, "MemAvailable");
  limits.budget_bytes = setting_bytes.value_or(default_budget_bytes(container, limits.machine_total_bytes));

  const bool is_limited = limits_us(container, limits.machine_total_bytes);
  if (is_limited) {
    limits.container_limit_bytes = container.limit_bytes;
    limits.container_limit_file = container.limit_file;
    limits.container_usage_bytes = container.usage_bytes;
    limits.working_set_bytes = container.working_set_bytes;
    limits.neighbours_bytes = container.neighbours_bytes;
  }
  // The memory that the kernel allows: the container's limit, or the whole machine.
  const std::uint64_t unknown_is_endless =
      limits.machine_total_bytes == 0 ? UINT64_MAX : limits.machine_total_bytes;
  const std::uint64_t given = limits.container_limit_bytes.value_or(unknown_is_endless);
  const std::uint64_t given_to_us = minus(given, limits.neighbours_bytes);

  // Computed from the limit, not from the part that neighbours leave, so that the reserve does not vary with their
  // use.
  limits.reserve_bytes = reserve_bytes_of(std::min(given, limits.budget_bytes));
  limits.grantable_bytes = minus(std::min(given_to_us, limits.budget_bytes), limits.reserve_bytes);
  const bool is_container = given_to_us <= limits.budget_bytes;
  limits.tightest = is_container ? "container" : "budget";
  limits.setting = !is_container ? "MEMORY_BUDGET_MB"
                   : is_limited  ? "the container's memory limit"
                                 : "the machine's memory";
  return limits;
}

}  // namespace nexus::system
