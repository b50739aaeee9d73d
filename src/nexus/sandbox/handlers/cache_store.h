// The files of the disk cache as a whole: how many bytes they may take, which goes first, what is charged for them.
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

  // A folder that cannot be opened now is tried again by each begin().
  CacheStore(Open open, std::uint64_t max_bytes, const Clock& clock, budget::Ledger& ledger,
             CacheErrors& errors);

  // ---- thread-safe ----
  std::shared_ptr<CacheFiles> files() const;  // null: there is no folder
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t evictions() const { return evictions_.load(std::memory_order_relaxed); }

  // ---- one thread at a time ----
  // The turn for some changes; when it is given there are no more bytes than there may be, and all are charged that are
  // memory. Null: nothing can be changed now.
  std::unique_ptr<CacheTurn> begin();
  // At no time are there more bytes than there may be. What cannot be written is not there.
  void write(const CacheTurn& turn, const Digest& name, std::span<const std::byte> bytes);
  // Removes the least recently used until there are so many bytes fewer, or none.
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
  // Of ours; while nobody else has one, index_ is right. None while it may not be: an exception leaves it so.
  std::optional<std::uint64_t> last_turn_;
  budget::Grant grant_;
  std::atomic<std::uint64_t> bytes_{0}, evictions_{0};
};

struct Pruned {
  std::uint64_t files = 0, bytes = 0;
};
// Removes all files. Whoever else uses the folder goes on.
Attempt<Pruned> prune(CacheFiles& files);

}  // namespace nexus::handlers
