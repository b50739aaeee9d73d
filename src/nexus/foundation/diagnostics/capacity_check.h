// The capacity check: do the settings fit the limits of the container and the machine? Pure: requirements and
// environment go in, figures and findings come out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/system/memory_limits.h"

namespace nexus::diagnostics {

// The requirements that the settings imply.
struct Requirements {
  std::optional<std::uint64_t> memory_budget_bytes;
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t max_instances = 0;
  std::uint64_t min_instances = 0;
  std::uint64_t image_cache_bytes = 0;
  std::string cache_dir;
  std::uint64_t max_cache_size_bytes = 0;
  std::optional<std::uint64_t> threads;
  std::uint64_t address_space_bytes = 0;  // reserved for max_instances instances
};

struct CacheFolder {
  std::string filesystem;  // "tmpfs", "ext4"; "?" if unknown
  bool is_memory = false;  // files there count against the container's limit
  std::uint64_t free_bytes = 0;
  std::string obstacle{};  // the reason why the cache cannot write there; empty if it can
};

// The environment. A missing value means no limit, or unknown.
struct Environment {
  system::MemoryLimits limits;
  std::optional<CacheFolder> cache;  // of the nearest existing folder at or above CACHE_DIR
  std::optional<std::uint64_t> max_map_count;
  std::optional<std::uint64_t> address_space_limit_bytes;  // RLIMIT_AS
  std::optional<std::uint64_t> open_files_limit;           // RLIMIT_NOFILE
  unsigned processors = 1;                                 // that the scheduler allows
  std::optional<double> cpu_quota;
};

struct Finding {
  std::string setting;  // the setting to change: "MIN_INSTANCES", "vm.max_map_count"
  std::string text;     // the reason, with the numbers

  bool operator==(const Finding&) const = default;
};

struct Capacity {
  // Bytes for instances when the image cache is empty: the grantable bytes without the program itself and the disk
  // cache in memory.
  std::uint64_t instance_bytes = 0;
  std::uint64_t instances_at_limit = 0;  // that fit together, each of MEMORY_LIMIT_MB
  std::uint64_t instances_typical = 0;   // that fit together, each of kTypicalInstanceBytes
  std::uint64_t instances_mappable =
      0;  // that the kernel's mappings allow; each call of a further instance copies its whole memory
  std::uint64_t threads = 0;  // event loops

  std::vector<Finding> contradictions;
  std::vector<Finding> notes;  // worth knowing, without a failure
};

inline constexpr std::uint64_t kTypicalInstanceBytes = 300_KiB;  // a warm instance with a small handler
inline constexpr std::uint64_t kMappingsPerInstance = 23;
inline constexpr std::uint64_t kProgramBytes = 24_MiB;  // the program at rest: code, base image, loops

Capacity check_capacity(const Requirements& requirements, const Environment& there);

// "512 MiB", "1.5 GiB", "300 KiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace nexus::diagnostics
