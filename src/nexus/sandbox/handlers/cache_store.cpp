#include "nexus/sandbox/handlers/cache_store.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/sandbox/handlers/cache_folder.h"

namespace nexus::handlers {

CacheStore::CacheStore(Open open, std::uint64_t max_bytes, const Clock& clock, budget::Ledger& ledger,
                       CacheErrors& errors)
    : open_(std::move(open)), max_bytes_(max_bytes), clock_(clock), ledger_(ledger), errors_(errors) {
  this->open();
}

std::shared_ptr<CacheFiles> CacheStore::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

void CacheStore::record(CacheOp op, std::string_view what, std::error_code why) {
  errors_.record(op, fmt::format("{} {}: {}", what, files_->path(), why.message()));
}

bool CacheStore::open() {
  auto opened = open_();
  if (!opened) errors_.record(CacheOp::kOpen, opened.error().message);
  const std::lock_guard lock(mutex_);
  files_ = opened ? *std::move(opened) : nullptr;
  last_turn_.reset();
  index_ = {};
  grant_ = {};
  publish();
  if (files_ != nullptr && files_->is_in_memory()) grant_ = ledger_.open(budget::Kind::kCache);
  return files_ != nullptr;
}

std::unique_ptr<CacheTurn> CacheStore::begin() {
  if (files_ == nullptr && !open()) return nullptr;
  auto turn = files_->take_turn();
  if (!turn && turn.error() == std::errc::no_such_file_or_directory) {  // the folder has been deleted
    if (!open()) return nullptr;
    turn = files_->take_turn();
  }
  if (!turn) {
    if (turn.error() == std::errc::timed_out) {
      errors_.record(CacheOp::kLock, fmt::format("another process keeps {} locked", files_->path()));
    } else {
      record(CacheOp::kWrite, "cannot write to", turn.error());
    }
    return nullptr;
  }
  const bool is_next = last_turn_ && *last_turn_ + 1 == (*turn)->number();
  last_turn_.reset();
  if (!is_next && !look_at_all()) return nullptr;
  last_turn_ = (*turn)->number();
  return *std::move(turn);
}

bool CacheStore::look_at_all() {
  const auto files = files_->list();
  if (!files) {
    record(CacheOp::kRead, "cannot list", files.error());
    return false;
  }
  index_ = {};
  for (const CachedFile& file : *files)
    index_.put(file);
  evict_down_to(max_bytes_);
  while (!charge(index_.bytes()) && evict_one()) {
  }
  publish();
  return true;
}

void CacheStore::write(const CacheTurn& turn, const Digest& name, std::span<const std::byte> bytes) {
  last_turn_.reset();
  write_in_turn(name, bytes);
  last_turn_ = turn.number();
}

void CacheStore::write_in_turn(const Digest& name, std::span<const std::byte> bytes) {
  const std::uint64_t needs = CacheIndex::charge_of(bytes.size());
  if (bytes.size() > kMostFileBytes || needs > max_bytes_) return;
  if (!evict_down_to(max_bytes_ - needs)) return;
  if (!charge(index_.bytes() + needs)) {
    errors_.record(CacheOp::kCharge,
                   fmt::format("there is no memory for {} bytes in {}", needs, files_->path()));
  } else if (const auto written = files_->write(name, bytes, clock_.unix_ms()); !written) {
    record(CacheOp::kWrite, "cannot write to", written.error());
  } else {
    index_.put({name, bytes.size(), clock_.unix_ms()});
  }
  publish();
}

void CacheStore::reclaim(const CacheTurn& turn, std::uint64_t bytes) {
  last_turn_.reset();
  evict_down_to(index_.bytes() - std::min(bytes, index_.bytes()));
  publish();
  last_turn_ = turn.number();
}

bool CacheStore::evict_down_to(std::uint64_t bytes) {
  while (index_.bytes() > bytes) {
    if (!evict_one()) return false;
  }
  return true;
}

// find() updates the time of use on disk only, so it is read again before a file is evicted.
bool CacheStore::evict_one() {
  while (const auto oldest = index_.least_recently_used()) {
    const auto now = files_->look_at(oldest->name);
    if (!now && now.error() == std::errc::no_such_file_or_directory) {
      index_.remove(oldest->name);
      return true;
    }
    if (now && now->used_ms > oldest->used_ms) {
      index_.put(*now);
      continue;
    }
    if (const auto removed = files_->remove(oldest->name); !removed) {
      record(CacheOp::kRemove, "cannot remove from", removed.error());
      return false;
    }
    index_.remove(oldest->name);
    evictions_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  return false;
}

// Charges files that are in memory. publish() gives back what is not needed.
bool CacheStore::charge(std::uint64_t bytes) {
  return !files_->is_in_memory() || grant_.grow_to(bytes).has_value();
}

void CacheStore::publish() {
  grant_.shrink_to(index_.bytes());
  bytes_.store(index_.bytes(), std::memory_order_relaxed);
}

Attempt<Pruned> prune(CacheFiles& files) {
  const auto turn = files.take_turn();
  if (!turn) return std::unexpected(turn.error());
  const auto all = files.list();
  if (!all) return std::unexpected(all.error());
  Pruned pruned;
  for (const CachedFile& file : *all) {
    if (const auto removed = files.remove(file.name); !removed) return std::unexpected(removed.error());
    ++pruned.files;
    pruned.bytes += file.bytes;
  }
  return pruned;
}

}  // namespace nexus::handlers
