// Handlers' images on disk, so that a restarted server finds them. Shared by all loops and by other processes.
//
//   find()  ─► reads a file, on the caller's thread: some tens of microseconds
//   store() ─► queue ─► one thread: frees space, writes a file, renames it into place
//
// Nothing here fails: an unreadable file counts as missing, an unwritable one is left out; both are counted.
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
  std::uint64_t bytes = 0, limit_bytes = 0;  // current
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

  // Charges existing files in memory and enforces the limit, then starts the writing thread.
  DiskCache(Options options, const Clock& clock, budget::Ledger& ledger);
  // Writes the queued images, for at most a quarter of a second.
  ~DiskCache();
  DiskCache(const DiskCache&) = delete;
  DiskCache& operator=(const DiskCache&) = delete;

  // Null if it is not cached.
  std::shared_ptr<const memory::Image> find(std::string_view source);
  // Queues the image for writing; leaves it out if the queue is full.
  void store(std::shared_ptr<const Handler> handler);

  // Asks the writing thread to remove `bytes` of least recently used files, if they are in memory. Requests that
  // arrive before it has run are merged into one.
  void reclaim(std::uint64_t bytes);

  // Returns when every stored image has been written or left out. For tests and benchmarks.
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
  std::uint64_t ends_us_ = 0;  // the deadline of the thread; 0: none yet
  bool is_writing_ = true;     // true until the existing files have been read
  std::jthread thread_;
};

}  // namespace nexus::handlers
