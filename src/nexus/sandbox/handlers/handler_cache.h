// Turns a source into an image only once: keeps handlers by source and evicts the least recently used. Uses a disk
// cache if there is one.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
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
  // Since the start: lookups found in memory, on disk, and not at all; entries evicted from memory.
  std::uint64_t hits = 0, disk_hits = 0, misses = 0, evictions = 0;
  std::uint64_t bytes = 0, entries = 0;  // in memory, current
};

// The result of a tool's last find(), so that the next one need not hash a long source.
using Known = std::weak_ptr<const Handler>;

// Thread safety: none; it belongs to one loop. The disk cache and the ledger are shared.
class HandlerCache {
 public:
  // The charge for an entry: its source, its image beyond the base image, and 256 bytes.
  static std::uint64_t bytes_of(std::string_view source, const memory::Image& image);

  // `disk` may be null. `ledger` and `disk` must outlive the cache.
  HandlerCache(std::uint64_t max_bytes, budget::Ledger& ledger, DiskCache* disk = nullptr);

  // Counts a hit or miss, and marks the entry as most recently used. Null if it is neither in memory nor on disk.
  // `known` belongs to the same source and is updated.
  std::shared_ptr<const Handler> find(std::string_view source, Known& known);
  std::shared_ptr<const Handler> find(std::string_view source);
  // Charges a handler whose image keeps at most `most_image_bytes`; evicts others until the ledger grants it.
  // kOverloaded.
  Result<budget::Grant> reserve(std::string_view source, std::uint64_t most_image_bytes);
  // Adds a loaded handler, with the grant of reserve() if there was one; if the source is cached already, returns that
  // entry. A handler that is larger than the cache, or for which the ledger grants nothing even after evictions, is
  // returned uncached.
  std::shared_ptr<const Handler> insert(std::string source, std::shared_ptr<const memory::Image> image,
                                        budget::Grant held = {});

  // Evicts least recently used handlers that nobody runs, until at least `bytes` are freed or none is left; returns
  // the bytes freed.
  std::uint64_t evict_unused(std::uint64_t bytes);
  // The same for files on disk that are in memory; the writing thread does it soon.
  void reclaim_files(std::uint64_t bytes);
  // Evicts handlers that nobody runs and whose source is not in `sources`.
  void keep_only(const std::unordered_set<std::string_view>& sources);

  CacheStats stats() const;
  // The use of the `most` handlers that were looked up last.
  std::vector<HandlerUse> uses(std::size_t most) const;

 private:
  struct Entry {
    std::shared_ptr<const Handler> handler;
    std::uint64_t bytes;
    std::uint32_t uses_to_learn;  // uses until its written pages are known; 0: known
  };
  using Entries = std::list<Entry>;  // most recently used first

  // Hashed with XXH3, then compared whole, so that two handlers are never confused.
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
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator, Hash>
      by_source_;  // the keys view the entries' sources
  std::unordered_map<const Handler*, Entries::iterator> by_handler_;
  CacheStats stats_;
};

}  // namespace nexus::handlers
