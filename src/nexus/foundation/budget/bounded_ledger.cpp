#include "nexus/foundation/budget/bounded_ledger.h"

#include <string>

#include "nexus/foundation/base/memory_reserve.h"
#include "nexus/foundation/base/units.h"

namespace nexus::budget {
namespace {

// From so many bytes on a buffer is asked of malloc before it is granted.
constexpr std::uint64_t kAskedBytes = 64_KiB;

Error refusal(const NamedLimit& limit, std::uint64_t wanted, std::uint64_t free) {
  std::string message = "no memory to give: " + std::to_string(wanted) + " bytes wanted, " +
                        std::to_string(free) + " free under the " + std::string(limit.layer) + "'s " +
                        std::to_string(limit.limit_bytes / 1_MiB) + " MiB";
  return {.code = ErrorCode::kOverloaded,
          .message = std::move(message),
          .limit = LimitReached{std::string(limit.layer), std::string(limit.setting), limit.limit_bytes,
                                wanted, free}};
}

}  // namespace

void BoundedLedger::set(std::uint64_t total, const Shares& shares, const NamedLimit& limit,
                        std::uint64_t headroom) {
  const std::lock_guard lock(mutex_);
  state_.accounts.set(total, shares, headroom);
  state_.limit = limit;
}

std::uint64_t BoundedLedger::granted(Kind kind) const {
  const std::lock_guard lock(mutex_);
  return state_.accounts.granted(kind);
}

std::uint64_t BoundedLedger::free_for(Kind kind, Need need) const {
  const std::lock_guard lock(mutex_);
  return state_.accounts.free_for(kind, need);
}

LedgerState BoundedLedger::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

Result<void> BoundedLedger::take(Kind kind, std::uint64_t bytes, Need need) {
  if (kind == Kind::kBuffers && bytes >= kAskedBytes && !has_memory(bytes + kSpareBytes))
    return std::unexpected(want_of_memory());
  NamedLimit limit;
  std::uint64_t free = 0;
  {
    const std::lock_guard lock(mutex_);
    if (state_.accounts.take(kind, bytes, need)) return {};
    limit = state_.limit;
    free = state_.accounts.free_for(kind, need);
  }
  return std::unexpected(refusal(limit, bytes, free));
}

void BoundedLedger::put(Kind kind, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  state_.accounts.put(kind, bytes);
}

void BoundedLedger::give_back(Kind kind, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  state_.accounts.give_back(kind, bytes);
}

}  // namespace nexus::budget
