// The files of the disk cache in order of last use, and their bytes. Numbers only: touches no file.
#pragma once

#include <boost/container/flat_map.hpp>
#include <boost/container/flat_set.hpp>
#include <cstdint>
#include <optional>
#include <utility>

#include "nexus/sandbox/handlers/cache_files.h"

namespace nexus::handlers {

// Not thread-safe.
class CacheIndex {
 public:
  // The charge for a file: whole 4 KiB pages, as file systems allocate.
  static std::uint64_t charge_of(std::uint64_t file_bytes);

  void put(const CachedFile& file);  // adds the file, or replaces the one of the same name
  void remove(const Digest& name);

  std::optional<CachedFile> least_recently_used() const;
  std::uint64_t bytes() const { return bytes_; }
  std::size_t files() const { return files_.size(); }

 private:
  // Flat maps: a node per file for 16,000 files would fragment the heap as long as they exist.
  struct Use {
    std::uint64_t bytes;
    std::int64_t used_ms;
  };
  boost::container::flat_map<Digest, Use> files_;
  boost::container::flat_set<std::pair<std::int64_t, Digest>> by_use_;
  std::uint64_t bytes_ = 0;
};

}  // namespace nexus::handlers
