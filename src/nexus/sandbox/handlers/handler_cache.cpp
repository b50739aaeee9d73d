#include "nexus/sandbox/handlers/handler_cache.h"

#include <xxhash.h>

#include <ranges>

#include "nexus/sandbox/handlers/disk_cache.h"

namespace nexus::handlers {
namespace {

constexpr std::uint64_t kEntryBytes = 256;  // list node, map node, control blocks: measured and rounded up

// A memory settles on its hot pages after 12 executions (sandbox/memory/linear_memory.cpp).
constexpr std::uint32_t kUsesToLearn = 16;

}  // namespace

std::size_t HandlerCache::Hash::operator()(std::string_view source) const {
  return XXH3_64bits(source.data(), source.size());
}

std::uint64_t HandlerCache::bytes_of(std::string_view source, const memory::Image& image) {
  return source.size() + image.stored_bytes() + kEntryBytes;
}

HandlerCache::HandlerCache(std::uint64_t max_bytes, budget::Ledger& ledger, DiskCache* disk)
    : max_bytes_(max_bytes), ledger_(ledger), disk_(disk) {}

std::shared_ptr<const Handler> HandlerCache::use(Entries::iterator entry) {
  entries_.splice(entries_.begin(), entries_, entry);
  if (entry->uses_to_learn > 0 && --entry->uses_to_learn == 0 && disk_ != nullptr)
    disk_->store(entry->handler);
  return entry->handler;
}

std::shared_ptr<const Handler> HandlerCache::find_in_memory(std::string_view source) {
  const auto found = by_source_.find(source);
  if (found == by_source_.end()) return nullptr;
  ++stats_.hits;
  return use(found->second);
}

std::shared_ptr<const Handler> HandlerCache::find_on_disk(std::string_view source) {
  auto image = disk_ != nullptr ? disk_->find(source) : nullptr;
  const bool is_known = image != nullptr && image->learned().snapshot(image->pages()).count() > 0;
  ++(image != nullptr ? stats_.disk_hits : stats_.misses);
  if (image == nullptr) return nullptr;
  return put(std::make_shared<const Handler>(Handler{std::string(source), std::move(image)}),
             is_known ? 0 : kUsesToLearn);
}

std::shared_ptr<const Handler> HandlerCache::find(std::string_view source) {
  auto handler = find_in_memory(source);
  return handler != nullptr ? handler : find_on_disk(source);
}

std::shared_ptr<const Handler> HandlerCache::find(std::string_view source, Known& known) {
  if (const auto last = known.lock()) {
    if (const auto found = by_handler_.find(last.get()); found != by_handler_.end()) {
      ++stats_.hits;
      return use(found->second);
    }
  }
  auto handler = find(source);
  known = handler;
  return handler;
}

Result<budget::Grant> HandlerCache::reserve(std::string_view source, std::uint64_t most_image_bytes) {
  auto held = ledger_.open(budget::Kind::kImages);
  const std::uint64_t bytes = source.size() + most_image_bytes + kEntryBytes;
  if (auto paid = pay_for(held, bytes, budget::Need::kStart); !paid)
    return std::unexpected(std::move(paid).error());
  return held;
}

std::shared_ptr<const Handler> HandlerCache::insert(std::string source,
                                                    std::shared_ptr<const memory::Image> image,
                                                    budget::Grant held) {
  auto handler =
      std::make_shared<const Handler>(Handler{std::move(source), std::move(image), std::move(held)});
  if (disk_ != nullptr) disk_->store(handler);
  return put(std::move(handler), kUsesToLearn);
}

std::shared_ptr<const Handler> HandlerCache::put(std::shared_ptr<const Handler> handler,
                                                 std::uint32_t uses_to_learn) {
  const std::uint64_t bytes = bytes_of(handler->source, *handler->image);
  if (const auto found = by_source_.find(handler->source); found != by_source_.end()) {
    return use(found->second);
  }
  const bool fits = bytes <= max_bytes_;
  if (fits) evict_down_to(max_bytes_ - bytes);
  if (handler->held.ledger() == nullptr) handler->held = ledger_.open(budget::Kind::kImages);
  const bool is_paid = pay_for(handler->held, bytes, budget::Need::kGrowth).has_value();
  handler->held.set_to(bytes);  // the memory is in use already, and its loader will run it once anyway
  if (!is_paid || !fits) return handler;
  entries_.push_front({handler, bytes, uses_to_learn});
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

Result<void> HandlerCache::pay_for(budget::Grant& held, std::uint64_t bytes, budget::Need need) {
  auto paid = held.grow_to(bytes, need);
  for (; !paid && !entries_.empty(); paid = held.grow_to(bytes, need))
    evict(std::prev(entries_.end()));
  return paid;
}

std::uint64_t HandlerCache::evict_unused(std::uint64_t bytes) {
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

void HandlerCache::reclaim_files(std::uint64_t bytes) {
  if (disk_ != nullptr) disk_->reclaim(bytes);
}

void HandlerCache::keep_only(const std::unordered_set<std::string_view>& sources) {
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    if (entry->handler.use_count() == 1 && !sources.contains(entry->handler->source)) evict(entry);
    entry = next;
  }
  by_source_.rehash(0);
  by_handler_.rehash(0);
}

std::vector<HandlerUse> HandlerCache::uses(std::size_t most) const {
  std::vector<HandlerUse> uses;
  for (const Entry& entry : entries_ | std::views::take(most)) {
    if (entry.handler->use.executions == 0) continue;
    uses.push_back(entry.handler->use);
    uses.back().image_bytes = entry.handler->image->size_bytes();
  }
  return uses;
}

CacheStats HandlerCache::stats() const {
  CacheStats now = stats_;
  now.entries = entries_.size();
  return now;
}

}  // namespace nexus::handlers
