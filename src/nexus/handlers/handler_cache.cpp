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

HandlerCache::HandlerCache(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

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
  auto handler = std::make_shared<const Handler>(Handler{std::move(source), std::move(image)});
  if (bytes > max_bytes_) return handler;
  evict_down_to(max_bytes_ - bytes);
  entries_.push_front({handler, bytes});
  by_source_.emplace(handler->source, entries_.begin());
  by_handler_.emplace(handler.get(), entries_.begin());
  stats_.bytes += bytes;
  return handler;
}

void HandlerCache::evict_down_to(std::uint64_t bytes) {
  while (stats_.bytes > bytes) {
    const Entry& last = entries_.back();
    stats_.bytes -= last.bytes;
    ++stats_.evictions;
    by_source_.erase(last.handler->source);
    by_handler_.erase(last.handler.get());
    entries_.pop_back();
  }
}

CacheStats HandlerCache::stats() const {
  const std::lock_guard lock(mutex_);
  CacheStats now = stats_;
  now.entries = entries_.size();
  return now;
}

}  // namespace nexus::handlers
