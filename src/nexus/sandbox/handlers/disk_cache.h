// Images of handlers on disk, so that a restart finds them: shared by all loops of the process, and by other processes.
//
//   find()  ─► reads a file, on the caller's thread: some tens of microseconds
//   store() ─► queue ─► one thread: makes room, writes a file, renames it into place
//
// Nothing here fails: what cannot be read is not there, what cannot be written is left out, and the errors are counted.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "nexus/sandbox/handlers/cache_store.h"
#include "nexus/sandbox/handlers/handler.h"

namespace nexus::handlers {

struct DiskCacheStats {
  std::uint64_t bytes = 0, limit_bytes = 0;  // now
  std::uint64_t evictions = 0;               // since the start
  CacheErrorCounts errors{};
};

// Thread-safe.
class DiskCache {
 public:
  struct Options {
    CacheStore::Open open;
    std::uint64_t max_bytes;
    Digest origin;                              // sandbox::Runtime::image_origin()
    std::shared_ptr<const memory::Image> base;  // of all images
  };

  // Once it is there, files that are memory are charged, and no more than there may be.
  DiskCache(Options options, const Clock& clock, budget::Ledger& ledger);
  // Writes what waits to be, for a quarter of a second at most.
  ~DiskCache();
  DiskCache(const DiskCache&) = delete;
  DiskCache& operator=(const DiskCache&) = delete;

  // Null: not there.
  std::shared_ptr<const memory::Image> find(std::string_view source);
  // To be written soon; it is left out when too much waits already.
  void store(std::shared_ptr<const Handler> handler);

  // Removes the least recently used files, so many bytes of them, if they are memory: soon. What is asked for meanwhile is asked
  // for once.
  void reclaim(std::uint64_t bytes);

  // Returns when all that was stored has been written, or left out. For tests and benchmarks.
  void wait_until_written();

  DiskCacheStats stats() const;

 private:
  using Batch = std::list<std::shared_ptr<const Handler>>;
  void work();
  bool take(Batch& batch);
  std::uint64_t take_reclaim();
  void write(Batch& batch);

  const Options options_;
  const Clock& clock_;
  CacheErrors errors_;
  CacheStore store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Batch queue_;
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t reclaim_bytes_ = 0;
  std::uint64_t ends_us_ = 0;  // when the thread must have ended; 0: not yet
  bool is_writing_ = true;     // until it has looked at what is there
  std::jthread thread_;
};

}  // namespace nexus::handlers
