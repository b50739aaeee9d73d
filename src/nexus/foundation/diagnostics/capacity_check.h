// Whether what an operator has set fits what the container and the machine allow. Pure: settings and environment go in,
// figures and findings come out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/system/memory_limits.h"

namespace nexus::diagnostics {

// What is set.
struct Requirements {
  std::optional<std::uint64_t> memory_budget_bytes;
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t max_instances = 0;
  std::uint64_t min_instances = 0;
  std::uint64_t image_cache_bytes = 0;
  std::string cache_dir;
  std::uint64_t max_cache_size_bytes = 0;
  std::optional<std::uint64_t> threads;
  std::uint64_t address_space_bytes = 0;  // that will be reserved for so many instances
};

struct CacheFolder {
  std::string filesystem;  // "tmpfs", "ext4"; "?": unknown
  bool is_memory = false;  // its files count against the container
  std::uint64_t free_bytes = 0;
  std::string obstacle{};  // why nothing can be kept there; empty: nothing is in the way
};

// What there is. None: without limit, or unknown.
struct Environment {
  system::MemoryLimits limits;
  std::optional<CacheFolder> cache;  // of the nearest folder above CACHE_DIR that exists
  std::optional<std::uint64_t> max_map_count;
  std::optional<std::uint64_t> address_space_limit_bytes;  // RLIMIT_AS
  std::optional<std::uint64_t> open_files_limit;           // RLIMIT_NOFILE
  unsigned processors = 1;                                 // that the scheduler allows
  std::optional<double> cpu_quota;
};

struct Finding {
  std::string setting;  // what to change: "MIN_INSTANCES", "vm.max_map_count"
  std::string text;     // why, with the numbers

  bool operator==(const Finding&) const = default;
};

struct Capacity {
  // What may be granted to instances when the image cache gives way: grantable, less the program itself and what the cache
  // takes of the memory.
  std::uint64_t instance_bytes = 0;
  std::uint64_t instances_at_limit = 0;  // that fit at once, each at MEMORY_LIMIT_MB
  std::uint64_t instances_typical = 0;   // ... each of kTypicalInstanceBytes
  std::uint64_t instances_mappable =
      0;                      // for which there are mappings; beyond, each call copies its whole memory
  std::uint64_t threads = 0;  // event loops that there will be

  std::vector<Finding> contradictions;
  std::vector<Finding> notes;  // worth knowing, and nothing fails
};

inline constexpr std::uint64_t kTypicalInstanceBytes = 300_KiB;  // a warm one with a small handler
inline constexpr std::uint64_t kMappingsPerInstance = 23;
inline constexpr std::uint64_t kProgramBytes = 24_MiB;  // the program at rest: code, base image, loops

Capacity check_capacity(const Requirements& requirements, const Environment& there);

// "512 MiB", "1.5 GiB", "300 KiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace nexus::diagnostics
