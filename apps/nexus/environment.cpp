#include "environment.h"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <thread>

#include "nexus/foundation/system/cpu_quota.h"
#include "nexus/sandbox/handlers/cache_folder.h"
#include "nexus/sandbox/memory/arena.h"
#include "settings_mapping.h"

namespace nexus::app {
namespace {

struct FilesystemName {
  std::uint64_t magic;
  std::string_view name;
};
constexpr FilesystemName kFilesystems[] = {{TMPFS_MAGIC, "tmpfs"},       {RAMFS_MAGIC, "ramfs"},
                                           {EXT4_SUPER_MAGIC, "ext4"},   {XFS_SUPER_MAGIC, "xfs"},
                                           {BTRFS_SUPER_MAGIC, "btrfs"}, {OVERLAYFS_SUPER_MAGIC, "overlay"},
                                           {NFS_SUPER_MAGIC, "nfs"},     {F2FS_SUPER_MAGIC, "f2fs"}};

// Why there can be no cache at `path`; empty: there can. Changes nothing on disk.
std::string cache_obstacle(const std::string& path) {
  struct stat found{};
  const bool is_there = stat(path.c_str(), &found) == 0;
  if (!is_there && errno != ENOENT) return std::generic_category().message(errno);
  if (is_there && !S_ISDIR(found.st_mode)) return "it is not a folder";
  auto folder = std::filesystem::absolute(path);
  if (!folder.has_filename()) folder = folder.parent_path();
  if (!is_there) folder = folder.parent_path();
  if (access(folder.c_str(), W_OK | X_OK) == 0) return {};
  return fmt::format("{}: {}", folder.string(), std::generic_category().message(errno));
}

std::optional<diagnostics::CacheFolder> cache_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::path folder = std::filesystem::absolute(path, error);
  struct statfs found{};
  while (statfs(folder.c_str(), &found) != 0) {
    if (folder == folder.parent_path()) return std::nullopt;
    folder = folder.parent_path();
  }
  const auto magic = static_cast<std::uint64_t>(found.f_type) & 0xffffffff;
  const auto* const known = std::ranges::find(kFilesystems, magic, &FilesystemName::magic);
  return diagnostics::CacheFolder{
      .filesystem = known == std::end(kFilesystems) ? fmt::format("{:#x}", magic) : std::string(known->name),
      .is_memory = handlers::is_memory(found),
      .free_bytes = found.f_bavail * static_cast<std::uint64_t>(found.f_bsize),
      .obstacle = cache_obstacle(path)};
}

std::optional<std::uint64_t> limit_of(__rlimit_resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

std::optional<std::uint64_t> max_map_count() {
  const std::string text = system::read_kernel_file("/proc/sys/vm/max_map_count").value_or("");
  std::uint64_t count = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), count);
  return read.ec == std::errc() ? std::optional(count) : std::nullopt;
}

}  // namespace

diagnostics::Requirements requirements_of(const config::Settings& settings) {
  const config::RuntimeConfig& runtime = settings.runtime;
  return {.memory_budget_bytes = runtime.memory_budget_bytes,
          .memory_limit_bytes = runtime.memory_limit_bytes,
          .max_instances = runtime.max_instances,
          .min_instances = runtime.min_instances,
          .image_cache_bytes = runtime.image_cache_bytes,
          .cache_dir = runtime.cache_dir,
          .max_cache_size_bytes = runtime.max_cache_size_bytes,
          .threads = settings.server.threads,
          .address_space_bytes = runtime_options_of(runtime).max_memories * memory::kStrideBytes};
}

diagnostics::Environment look_around(const config::Settings& settings) {
  return {.limits = system::memory_limits_of(system::read_container_memory(system::read_kernel_file),
                                             system::read_kernel_file("/proc/meminfo").value_or(""),
                                             settings.runtime.memory_budget_bytes),
          .cache = cache_folder(settings.runtime.cache_dir),
          .max_map_count = max_map_count(),
          .address_space_limit_bytes = limit_of(RLIMIT_AS),
          .open_files_limit = limit_of(RLIMIT_NOFILE),
          .processors = std::thread::hardware_concurrency(),
          .cpu_quota = system::cpu_quota(system::read_kernel_file)};
}

}  // namespace nexus::app
