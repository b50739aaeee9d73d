// From source to image, once: handlers are kept by their source, least recently used out first; on disk as well where there
// is a disk cache.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/handlers/handler.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::handlers {

class DiskCache;

struct CacheStats {
  // Since the start: lookups that were answered from memory, from disk, and not at all; and what was dropped from memory.
  std::uint64_t hits = 0, disk_hits = 0, misses = 0, evictions = 0;
  std::uint64_t bytes = 0, entries = 0;  // in memory now
};

// What a tool remembers of its last find(), so that the next need not look at a long source again. Not thread-safe.
using Known = std::weak_ptr<const Handler>;

// Thread-safe.
class HandlerCache {
 public:
  // What an entry counts for: its source, what its image keeps beyond the base image, and 256 bytes for the entry.
  static std::uint64_t bytes_of(std::string_view source, const memory::Image& image);

  // `disk` may be null. Both must outlive it.
  HandlerCache(std::uint64_t max_bytes, budget::Ledger& ledger, DiskCache* disk = nullptr);

  // Counts a hit or a miss, and marks the entry as the most recently used. Null: not there, and not on disk. `known` is of
  // the same source, and is brought up to date.
  std::shared_ptr<const Handler> find(std::string_view source, Known& known);
  std::shared_ptr<const Handler> find(std::string_view source);
  // Charges what a handler with an image of so many bytes at most will be; evicts others until it is granted. kOverloaded.
  Result<budget::Grant> reserve(std::string_view source, std::uint64_t most_image_bytes);
  // Puts a freshly loaded handler in, with what reserve() gave, if it was asked; when another thread was first, gives that one. What is larger than the bound is
  // given back uncached, and evicts nothing; what the ledger refuses evicts others until it is granted, or is given back
  // uncached.
  std::shared_ptr<const Handler> insert(std::string source, std::shared_ptr<const memory::Image> image,
                                        budget::Grant held = {});

  // Evicts the least recently used that nobody runs, until at least so many bytes have been given back or none is left;
  // gives how many were.
  std::uint64_t evict_unused(std::uint64_t bytes);
  // The same with files on disk that are memory; by the thread that writes them, soon.
  void reclaim_files(std::uint64_t bytes);
  // Evicts all that nobody runs and whose source is not among these.
  void keep_only(const std::unordered_set<std::string_view>& sources);

  CacheStats stats() const;
  // The use of the `most` that were looked up last. REQUIRES: called on the loop that runs them.
  std::vector<HandlerUse> uses(std::size_t most) const;

 private:
  struct Entry {
    std::shared_ptr<const Handler> handler;
    std::uint64_t bytes;
    std::uint32_t uses_to_learn;  // until it is known which pages its executions write to; 0: it is
  };
  using Entries = std::list<Entry>;  // most recently used first

  // Hashed with XXH3 and compared whole, so that no two handlers are ever taken for each other.
  struct Hash {
    std::size_t operator()(std::string_view source) const;
  };

  std::shared_ptr<const Handler> use(Entries::iterator entry);
  std::shared_ptr<const Handler> find_in_memory(std::string_view source);
  std::shared_ptr<const Handler> find_on_disk(std::string_view source);
  std::shared_ptr<const Handler> put(std::shared_ptr<const Handler> handler, std::uint32_t uses_to_learn);
  void evict_down_to(std::uint64_t bytes);
  void evict(Entries::iterator entry);
  Result<void> pay_for(budget::Grant& held, std::uint64_t bytes, budget::Need need);

  const std::uint64_t max_bytes_;
  budget::Ledger& ledger_;
  DiskCache* const disk_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator, Hash>
      by_source_;  // keys are the entries' own sources
  std::unordered_map<const Handler*, Entries::iterator> by_handler_;
  CacheStats stats_;
};

}  // namespace nexus::handlers
