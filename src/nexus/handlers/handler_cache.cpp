#include "nexus/handlers/handler_cache.h"

#include <xxhash.h>

namespace nexus::handlers {
namespace {

constexpr std::uint64_t kEntryBytes = 256;  // list node, map node, control blocks: measured, rounded up

}  // namespace

std::size_t HandlerCache::Hash::operator()(std::string_view source) const {
  return XXH3_64bits(source.data(), source.size());
}

std::uint64_t HandlerCache::bytes_of(std::string_view source, const memory::Image& image) {
  return source.size() + image.stored_bytes() + kEntryBytes;
}

HandlerCache::HandlerCache(std::uint64_t max_bytes, budget::Ledger& ledger)
    : max_bytes_(max_bytes), ledger_(ledger) {}

std::shared_ptr<const Handler> HandlerCache::use(Entries::iterator entry) {
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->handler;
}

std::shared_ptr<const Handler> HandlerCache::find(std::string_view source) {
  const std::lock_guard lock(mutex_);
  const auto found = by_source_.find(source);
  ++(found != by_source_.end() ? stats_.hits : stats_.misses);
  return found != by_source_.end() ? use(found->second) : nullptr;
}

std::shared_ptr<const Handler> HandlerCache::find(std::string_view source, Known& known) {
  if (const auto last = known.lock()) {
    const std::lock_guard lock(mutex_);
    if (const auto found = by_handler_.find(last.get()); found != by_handler_.end()) {
      ++stats_.hits;
      return use(found->second);
    }
  }
  auto handler = find(source);
  known = handler;
  return handler;
}

std::shared_ptr<const Handler> HandlerCache::insert(std::string source,
                                                    std::shared_ptr<const memory::Image> image) {
  const std::uint64_t bytes = bytes_of(source, *image);
  const std::lock_guard lock(mutex_);
  if (const auto found = by_source_.find(source); found != by_source_.end()) {
    return use(found->second);
  }
  const bool fits = bytes <= max_bytes_;
  if (fits) evict_down_to(max_bytes_ - bytes);
  budget::Grant held = ledger_.open(budget::Kind::kImages);
  const bool is_paid = pay_for(held, bytes);
  auto handler =
      std::make_shared<const Handler>(Handler{std::move(source), std::move(image), std::move(held)});
  if (!fits || !is_paid) return handler;
  entries_.push_front({handler, bytes});
  by_source_.emplace(handler->source, entries_.begin());
  by_handler_.emplace(handler.get(), entries_.begin());
  stats_.bytes += bytes;
  return handler;
}

void HandlerCache::evict_down_to(std::uint64_t bytes) {
  while (stats_.bytes > bytes) {
    evict(std::prev(entries_.end()));
  }
}

void HandlerCache::evict(Entries::iterator entry) {
  stats_.bytes -= entry->bytes;
  ++stats_.evictions;
  by_source_.erase(entry->handler->source);
  by_handler_.erase(entry->handler.get());
  entries_.erase(entry);
}

// It is there already, and whoever loaded it runs it once in any case.
bool HandlerCache::pay_for(budget::Grant& held, std::uint64_t bytes) {
  while (!held.grow_to(bytes)) {
    if (entries_.empty()) {
      held.set_to(bytes);
      return false;
    }
    evict(std::prev(entries_.end()));
  }
  return true;
}

std::uint64_t HandlerCache::evict_unused(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  std::uint64_t freed = 0;
  for (auto next = entries_.end(); next != entries_.begin() && freed < bytes;) {
    const auto entry = std::prev(next);
    if (entry->handler.use_count() > 1) {
      next = entry;
      continue;
    }
    freed += entry->bytes;
    evict(entry);
  }
  return freed;
}

std::vector<HandlerUse> HandlerCache::uses() const {
  const std::lock_guard lock(mutex_);
  std::vector<HandlerUse> uses;
  for (const Entry& entry : entries_) {
    if (entry.handler->use.executions > 0) uses.push_back(entry.handler->use);
  }
  return uses;
}

CacheStats HandlerCache::stats() const {
  const std::lock_guard lock(mutex_);
  CacheStats now = stats_;
  now.entries = entries_.size();
  return now;
}

}  // namespace nexus::handlers
