// Failures of the disk cache: counted, and logged once a minute. No request fails because of them.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "nexus/foundation/base/clock.h"

namespace nexus::handlers {

enum class CacheOp : std::uint8_t { kOpen, kRead, kVerify, kWrite, kRemove, kLock, kCharge, kQueue };

// The labels of nexus_cache_errors_total, in the order of CacheOp.
inline constexpr auto kCacheOps =
    std::to_array<std::string_view>({"open", "read", "verify", "write", "remove", "lock", "charge", "queue"});

using CacheErrorCounts = std::array<std::uint64_t, kCacheOps.size()>;

// Thread-safe.
class CacheErrors {
 public:
  explicit CacheErrors(const Clock& clock) : clock_(clock) {}
  // `what` is a sentence for the operator: "cannot write to /tmp/x: No space left on device".
  void record(CacheOp op, std::string_view what);
  CacheErrorCounts counts() const;

 private:
  const Clock& clock_;
  std::array<std::atomic<std::uint64_t>, kCacheOps.size()> counts_{};
  std::atomic<std::uint64_t> silent_until_us_{0};
};

}  // namespace nexus::handlers
