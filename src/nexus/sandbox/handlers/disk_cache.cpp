#include "nexus/sandbox/handlers/disk_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <system_error>
#include <utility>

#include "nexus/foundation/base/units.h"
#include "nexus/sandbox/handlers/image_file.h"

namespace nexus::handlers {
namespace {

// Queued handlers stay in memory even if the caches have evicted them.
constexpr std::size_t kMostQueued = 1024;
constexpr std::uint64_t kMostQueuedBytes = 32_MiB;
// In one turn, while other processes wait: some milliseconds.
constexpr std::size_t kMostInATurn = 64;
constexpr std::uint64_t kFarewellUs = 250'000;

std::uint64_t bytes_of(const Handler& handler) {
  return handler.source.size() + handler.image->stored_bytes();
}

}  // namespace

DiskCache::DiskCache(Options options, const Clock& clock, budget::Ledger& ledger)
    : options_(std::move(options)),
      clock_(clock),
      errors_(clock),
      store_(options_.open, options_.max_bytes, clock, ledger, errors_) {
  if (const auto files = store_.files(); files != nullptr && files->is_in_memory()) store_.begin();
  try {
    thread_ = std::jthread([this] { work(); });
  } catch (const std::system_error& error) {
    // Reads still work without the thread; the queue fills up and stays full.
    errors_.record(CacheOp::kWrite, fmt::format("no thread to write with: {}", error.what()));
  }
}

DiskCache::~DiskCache() {
  const std::lock_guard lock(mutex_);
  ends_us_ = clock_.monotonic_us() + kFarewellUs;
  changed_.notify_all();
}

std::shared_ptr<const memory::Image> DiskCache::find(std::string_view source) {
  const auto files = store_.files();
  if (files == nullptr) return nullptr;
  const auto bytes = files->read(image_file_name(options_.origin, source), clock_.unix_ms());
  if (!bytes) {
    if (bytes.error() != std::errc::no_such_file_or_directory) {
      errors_.record(CacheOp::kRead,
                     fmt::format("cannot read in {}: {}", files->path(), bytes.error().message()));
    }
    return nullptr;
  }
  auto image = read_image_file(*bytes, options_.origin, source, options_.base);
  if (image == nullptr)
    errors_.record(CacheOp::kVerify, fmt::format("a file in {} is damaged", files->path()));
  return image;
}

void DiskCache::store(std::shared_ptr<const Handler> handler) {
  assert(handler->image->is_changes());
  const std::uint64_t bytes = bytes_of(*handler);
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < kMostQueued && queued_bytes_ + bytes <= kMostQueuedBytes) {
      queue_.push_back(std::move(handler));
      queued_bytes_ += bytes;
      changed_.notify_all();
      return;
    }
  }
  errors_.record(CacheOp::kQueue, "images come faster than they can be written");
}

void DiskCache::reclaim(std::uint64_t bytes) {
  const auto files = store_.files();
  if (files == nullptr || !files->is_in_memory()) return;
  const std::lock_guard lock(mutex_);
  reclaim_bytes_ = std::max(reclaim_bytes_, bytes);
  changed_.notify_all();
}

std::uint64_t DiskCache::take_reclaim() {
  const std::lock_guard lock(mutex_);
  return std::exchange(reclaim_bytes_, 0);
}

void DiskCache::wait_until_written() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return queue_.empty() && reclaim_bytes_ == 0 && !is_writing_; });
}

// False if there is nothing left to do. Allocates nothing.
bool DiskCache::take(Batch& batch) {
  std::unique_lock lock(mutex_);
  is_writing_ = false;
  changed_.notify_all();
  changed_.wait(lock, [this] { return ends_us_ != 0 || !queue_.empty() || reclaim_bytes_ > 0; });
  if (ends_us_ != 0 && (queue_.empty() || clock_.monotonic_us() >= ends_us_)) return false;
  while (batch.size() < kMostInATurn && !queue_.empty()) {
    queued_bytes_ -= bytes_of(*queue_.front());
    batch.splice(batch.end(), queue_, queue_.begin());
  }
  is_writing_ = true;
  return true;
}

void DiskCache::work() {
  Batch batch;
  do {
    write(batch);  // the first batch is empty: reads the existing files and enforces the limit
  } while (take(batch));
}

// Removes written and left-out handlers from the batch.
void DiskCache::write(Batch& batch) {
  const std::uint64_t reclaim_bytes = take_reclaim();
  const auto turn = store_.begin();
  if (turn == nullptr) return batch.clear();
  if (reclaim_bytes > 0) store_.reclaim(*turn, reclaim_bytes);
  for (; !batch.empty(); batch.pop_front()) {
    const auto& handler = batch.front();
    const auto file = make_image_file(options_.origin, handler->source, *handler->image);
    store_.write(*turn, image_file_name(options_.origin, handler->source), file);
  }
}

DiskCacheStats DiskCache::stats() const {
  return {.bytes = store_.bytes(),
          .limit_bytes = options_.max_bytes,
          .evictions = store_.evictions(),
          .errors = errors_.counts()};
}

}  // namespace nexus::handlers
