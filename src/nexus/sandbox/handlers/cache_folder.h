// The folder of the disk cache:
//
//   CACHE_DIR/            any owner, any permissions
//     images-UID/         ours only (0700), and held open
//       turns             locked for each change; holds the number of the last turn
//       new               the file that is being written
//       0123...ef         an image file (image_file.h); its modification time is the time of its last use
#pragma once

#include <sys/vfs.h>

#include <memory>
#include <string>

#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/handlers/cache_files.h"

namespace nexus::handlers {

// Larger files are neither read nor written: reading one takes 2 ms, and loading the handler takes much longer.
inline constexpr std::uint64_t kMostFileBytes = 8 << 20;

// Creates our folder, and `directory` if its parent exists. Empties a folder that others could write to.
// kInternalError states the obstacle.
Result<std::shared_ptr<CacheFiles>> open_cache_folder(const std::string& directory);

// The same without creating anything; null if the folder does not exist.
Result<std::shared_ptr<CacheFiles>> find_cache_folder(const std::string& directory);

// True if the files are in memory: tmpfs, ramfs.
bool is_memory(const struct statfs& filesystem);

}  // namespace nexus::handlers
