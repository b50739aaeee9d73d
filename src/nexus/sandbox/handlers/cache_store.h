// The files of the disk cache as a whole: their limit, the eviction order, and their charge.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "nexus/foundation/base/clock.h"
#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/handlers/cache_errors.h"
#include "nexus/sandbox/handlers/cache_files.h"
#include "nexus/sandbox/handlers/cache_index.h"

namespace nexus::handlers {

class CacheStore {
 public:
  using Open = std::function<Result<std::shared_ptr<CacheFiles>>()>;

  // If the folder cannot be opened, each begin() tries again.
  CacheStore(Open open, std::uint64_t max_bytes, const Clock& clock, budget::Ledger& ledger,
             CacheErrors& errors);

  // ---- thread-safe ----
  std::shared_ptr<CacheFiles> files() const;  // null if there is no folder
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t evictions() const { return evictions_.load(std::memory_order_relaxed); }

  // ---- one thread at a time ----
  // Takes a turn for changes. With a turn, the files are within the limit, and charged if they are in memory. Null if
  // nothing can be changed now.
  std::unique_ptr<CacheTurn> begin();
  // The bytes never exceed the limit. A file that cannot be written is left out.
  void write(const CacheTurn& turn, const Digest& name, std::span<const std::byte> bytes);
  // Removes least recently used files until at least `bytes` are freed or none is left.
  void reclaim(const CacheTurn& turn, std::uint64_t bytes);

 private:
  bool open();
  void write_in_turn(const Digest& name, std::span<const std::byte> bytes);
  bool evict_down_to(std::uint64_t bytes);
  bool evict_one();
  bool charge(std::uint64_t bytes);
  bool look_at_all();
  void publish();
  void record(CacheOp op, std::string_view what, std::error_code why);

  const Open open_;
  const std::uint64_t max_bytes_;
  const Clock& clock_;
  budget::Ledger& ledger_;
  CacheErrors& errors_;
  mutable std::mutex mutex_;
  std::shared_ptr<CacheFiles> files_;
  CacheIndex index_;
  // The number of our last turn: index_ is valid while nobody else has taken one. None if index_ may be wrong, as
  // after an exception.
  std::optional<std::uint64_t> last_turn_;
  budget::Grant grant_;
  std::atomic<std::uint64_t> bytes_{0}, evictions_{0};
};

struct Pruned {
  std::uint64_t files = 0, bytes = 0;
};
// Removes all files. Other users of the folder keep working.
Attempt<Pruned> prune(CacheFiles& files);

}  // namespace nexus::handlers
