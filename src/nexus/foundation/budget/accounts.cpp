#include "nexus/foundation/budget/accounts.h"

#include <algorithm>
#include <cassert>

#include "nexus/foundation/base/saturating.h"

namespace nexus::budget {
void Accounts::set(std::uint64_t total, const Shares& shares, std::uint64_t headroom) {
  total_ = total;
  headroom_ = headroom;
  shares_ = shares;
}

std::uint64_t Accounts::granted() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t bytes : granted_)
    sum = plus(sum, bytes);
  return sum;
}

std::uint64_t Accounts::free_for(Kind kind, Need need) const {
  const auto own = static_cast<std::size_t>(kind);
  std::uint64_t spoken_for = need == Need::kGrowth ? headroom_ : 0;
  for (std::size_t other = 0; other < kKindCount; ++other) {
    const std::uint64_t kept = other == own ? 0 : shares_[other].least;
    spoken_for = plus(spoken_for, std::max(granted_[other], kept));
  }
  return std::min(minus(total_, spoken_for), minus(shares_[own].most, granted_[own]));
}

bool Accounts::take(Kind kind, std::uint64_t bytes, Need need) {
  if (bytes > free_for(kind, need)) return false;
  put(kind, bytes);
  return true;
}

void Accounts::put(Kind kind, std::uint64_t bytes) {
  auto& granted = granted_[static_cast<std::size_t>(kind)];
  granted = plus(granted, bytes);
}

void Accounts::give_back(Kind kind, std::uint64_t bytes) {
  auto& granted = granted_[static_cast<std::size_t>(kind)];
  assert(bytes <= granted);
  granted -= bytes;
}

}  // namespace nexus::budget
