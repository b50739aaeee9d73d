#include "nexus/sandbox/handlers/cache_errors.h"

#include <spdlog/spdlog.h>

namespace nexus::handlers {
namespace {

constexpr std::uint64_t kMinuteUs = 60'000'000;

}  // namespace

void CacheErrors::record(CacheOp op, std::string_view what) {
  counts_[static_cast<std::size_t>(op)].fetch_add(1, std::memory_order_relaxed);
  const std::uint64_t now_us = clock_.monotonic_us();
  std::uint64_t until_us = silent_until_us_.load();
  if (now_us < until_us || !silent_until_us_.compare_exchange_strong(until_us, now_us + kMinuteUs)) return;
  spdlog::warn("the cache of handler images: {}; handlers are loaded instead (told once a minute)", what);
}

CacheErrorCounts CacheErrors::counts() const {
  CacheErrorCounts counts;
  for (std::size_t op = 0; op < counts.size(); ++op)
    counts[op] = counts_[op].load(std::memory_order_relaxed);
  return counts;
}

}  // namespace nexus::handlers
