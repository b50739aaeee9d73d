// Which files there are, in the order of their last use, and how many bytes they take. Numbers only: no file is touched.
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
  // What a file counts for: whole pages of 4 KiB, as a file system keeps it.
  static std::uint64_t charge_of(std::uint64_t file_bytes);

  void put(const CachedFile& file);  // new, or in place of the one of that name
  void remove(const Digest& name);

  std::optional<CachedFile> least_recently_used() const;
  std::uint64_t bytes() const { return bytes_; }
  std::size_t files() const { return files_.size(); }

 private:
  // Flat: a node for each of 16,000 files would keep a page of the heap each, for as long as there are files.
  struct Use {
    std::uint64_t bytes;
    std::int64_t used_ms;
  };
  boost::container::flat_map<Digest, Use> files_;
  boost::container::flat_set<std::pair<std::int64_t, Digest>> by_use_;
  std::uint64_t bytes_ = 0;
};

}  // namespace nexus::handlers
