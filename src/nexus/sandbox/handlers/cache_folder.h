// The folder of the disk cache:
//
//   CACHE_DIR/            may be anybody's, and open to all
//     images-UID/         ours alone (0700), and held open
//       turns             locked by whoever changes something; holds the number of the last turn
//       new               a file that is being written
//       0123...ef         an image file (image_file.h); the time of its last use is its time of modification
#pragma once

#include <sys/vfs.h>

#include <memory>
#include <string>

#include "nexus/foundation/base/error.h"
#include "nexus/sandbox/handlers/cache_files.h"

namespace nexus::handlers {

// No larger file is read or written: reading one takes 2 ms, and loading what is larger takes much longer anyway.
inline constexpr std::uint64_t kMostFileBytes = 8 << 20;

// Makes what is not there: the folder of ours, and `directory` if its parent exists. A folder that others could write to
// is emptied. kInternalError says what is in the way.
Result<std::shared_ptr<CacheFiles>> open_cache_folder(const std::string& directory);

// The same, but makes nothing; null: it is not there.
Result<std::shared_ptr<CacheFiles>> find_cache_folder(const std::string& directory);

// Whether its files are memory: tmpfs, ramfs.
bool is_memory(const struct statfs& filesystem);

}  // namespace nexus::handlers
