#include "nexus/foundation/diagnostics/capacity_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/base/units.h"
#include "nexus/foundation/system/cpu_quota.h"

namespace nexus::diagnostics {
namespace {

// The rest is for the program itself: libraries, stacks, the allocator.
constexpr std::uint64_t kMappingsPercent = 65;
// For the program itself, beside the reserved address space.
constexpr std::uint64_t kOwnAddressSpace = 1_GiB;
constexpr std::uint64_t kOwnFiles = 64;

class CapacityCheck {
 public:
  CapacityCheck(const Requirements& requirements, const Environment& there)
      : requirements_(requirements), there_(there), limits_(there.limits) {}

  Capacity result() && {
    check_budget();
    check_cache();
    check_instances();
    check_mappings();
    check_limits_of_process();
    check_threads();
    return std::move(capacity_);
  }

 private:
  template <class... Args>
  void contradict(std::string_view setting, fmt::format_string<Args...> text, Args&&... args) {
    capacity_.contradictions.push_back(
        {std::string(setting), fmt::format(text, std::forward<Args>(args)...)});
  }
  template <class... Args>
  void note(std::string_view setting, fmt::format_string<Args...> text, Args&&... args) {
    capacity_.notes.push_back({std::string(setting), fmt::format(text, std::forward<Args>(args)...)});
  }

  std::uint64_t given() const { return limits_.container_limit_bytes.value_or(limits_.machine_total_bytes); }
  std::string_view giver() const {
    return limits_.container_limit_bytes ? "the container's memory limit" : "the machine's memory";
  }

  void check_budget() {
    if (requirements_.memory_budget_bytes && given() > 0 && *requirements_.memory_budget_bytes > given()) {
      contradict("MEMORY_BUDGET_MB", "{} is more than {}, {}: at most {}, or leave it out",
                 bytes_text(*requirements_.memory_budget_bytes), giver(), bytes_text(given()),
                 given() / 1_MiB);
    }
    if (!limits_.container_limit_bytes && limits_.machine_available_bytes > 0 &&
        limits_.grantable_bytes > limits_.machine_available_bytes) {
      note(
          "MEMORY_BUDGET_MB",
          "{} may be granted, and other programs leave {} of the machine's memory just now: {} would be safe",
          bytes_text(limits_.grantable_bytes), bytes_text(limits_.machine_available_bytes),
          limits_.machine_available_bytes / 1_MiB);
    }
  }

  std::uint64_t cache_in_memory() const {
    return there_.cache && there_.cache->is_memory ? requirements_.max_cache_size_bytes : 0;
  }

  void check_cache() {
    if (there_.cache && requirements_.max_cache_size_bytes > 0 && !there_.cache->obstacle.empty()) {
      contradict("CACHE_DIR", "no images can be kept in {}: {}; MAX_CACHE_SIZE_MB=0 does without",
                 requirements_.cache_dir, there_.cache->obstacle);
    }
    const std::uint64_t for_all = minus(limits_.grantable_bytes, kProgramBytes);
    if (cache_in_memory() > for_all) {
      contradict(
          "MAX_CACHE_SIZE_MB",
          "{} is a {}, whose files count as memory: {} of them do not fit in the {} that are left beside "
          "the program and the reserve; at most {}, or another CACHE_DIR",
          requirements_.cache_dir, there_.cache->filesystem, bytes_text(requirements_.max_cache_size_bytes),
          bytes_text(for_all), for_all / 1_MiB);
    } else if (there_.cache && requirements_.max_cache_size_bytes > there_.cache->free_bytes) {
      contradict("MAX_CACHE_SIZE_MB", "{} has {} free, and {} are wanted: at most {}, or another CACHE_DIR",
                 requirements_.cache_dir, bytes_text(there_.cache->free_bytes),
                 bytes_text(requirements_.max_cache_size_bytes), there_.cache->free_bytes / 1_MiB);
    }
    capacity_.instance_bytes = minus(for_all, cache_in_memory());
    if (requirements_.image_cache_bytes > capacity_.instance_bytes) {
      contradict("IMAGE_CACHE_MB",
                 "{} are more than the {} that are left for images and instances: at most {}",
                 bytes_text(requirements_.image_cache_bytes), bytes_text(capacity_.instance_bytes),
                 capacity_.instance_bytes / 1_MiB);
    }
  }

  void check_instances() {
    capacity_.instances_at_limit =
        capacity_.instance_bytes / std::max(requirements_.memory_limit_bytes, 1_MiB);
    capacity_.instances_typical = capacity_.instance_bytes / kTypicalInstanceBytes;
    if (capacity_.instances_at_limit == 0) {
      contradict("MEMORY_LIMIT_MB", "a handler may use {}, and {} can be granted: at most {}, or more for {}",
                 bytes_text(requirements_.memory_limit_bytes), bytes_text(capacity_.instance_bytes),
                 capacity_.instance_bytes / 1_MiB, limits_.setting);
    }
    if (requirements_.min_instances > capacity_.instances_typical) {
      contradict("MIN_INSTANCES", "{} warm ones take {}, and {} can be granted: at most {}, or more for {}",
                 requirements_.min_instances, bytes_text(requirements_.min_instances * kTypicalInstanceBytes),
                 bytes_text(capacity_.instance_bytes), capacity_.instances_typical, limits_.setting);
    } else if (requirements_.max_instances > capacity_.instances_typical) {
      note("MAX_INSTANCES",
           "of {}, {} fit even when all are small: the others are refused for want of memory",
           requirements_.max_instances, capacity_.instances_typical);
    }
  }

  void check_mappings() {
    capacity_.instances_mappable = requirements_.max_instances;
    if (!there_.max_map_count) return;
    capacity_.instances_mappable = *there_.max_map_count / 100 * kMappingsPercent / kMappingsPerInstance;
    if (requirements_.max_instances <= capacity_.instances_mappable) return;
    contradict(
        "vm.max_map_count",
        "{} mappings are enough for {} instances, and MAX_INSTANCES is {}: `sysctl vm.max_map_count={}`, "
        "or lower MAX_INSTANCES; the instances beyond are slower",
        *there_.max_map_count, capacity_.instances_mappable, requirements_.max_instances,
        requirements_.max_instances * kMappingsPerInstance * 100 / kMappingsPercent / 1000 * 1000 + 1000);
  }

  void check_limits_of_process() {
    const std::uint64_t space = requirements_.address_space_bytes + kOwnAddressSpace;
    if (there_.address_space_limit_bytes && *there_.address_space_limit_bytes < space) {
      contradict(
          "ulimit -v",
          "{} of address space is allowed, and {} instances reserve {}: `ulimit -v unlimited`, or lower "
          "MAX_INSTANCES",
          bytes_text(*there_.address_space_limit_bytes), requirements_.max_instances, bytes_text(space));
    }
    if (!there_.open_files_limit) return;
    const std::uint64_t connections = minus(*there_.open_files_limit, kOwnFiles);
    if (connections == 0) {
      contradict("ulimit -n", "{} open files are fewer than the {} that the program itself may need",
                 *there_.open_files_limit, kOwnFiles);
    } else if (connections < requirements_.max_instances) {
      note("ulimit -n", "{} open files are about {} connections, fewer than MAX_INSTANCES, {}",
           *there_.open_files_limit, connections, requirements_.max_instances);
    }
  }

  void check_threads() {
    const unsigned processors = system::usable_cpus(there_.processors, there_.cpu_quota);
    capacity_.threads =
        std::min<std::uint64_t>(requirements_.threads.value_or(processors), requirements_.max_instances);
    if (!requirements_.threads || *requirements_.threads <= processors) return;
    contradict("THREADS", "{} loops for {} processors{} take turns, and calls become slower: at most {}",
               *requirements_.threads, processors,
               there_.cpu_quota ? fmt::format(" (the container's quota is {:g})", *there_.cpu_quota) : "",
               processors);
  }

  const Requirements& requirements_;
  const Environment& there_;
  const system::MemoryLimits& limits_;
  Capacity capacity_;
};

}  // namespace

Capacity check_capacity(const Requirements& requirements, const Environment& there) {
  return CapacityCheck(requirements, there).result();
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  auto value = static_cast<double>(bytes);
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit)
    value /= 1024;
  // Three digits, without ".0".
  std::string digits = fmt::format("{:.{}f}", value, unit == 0 || value >= 100 ? 0 : 1);
  if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
  return fmt::format("{} {}", digits, kUnits[unit]);
}

}  // namespace nexus::diagnostics
