#include "nexus/foundation/budget/ledger.h"

#include <cassert>

namespace nexus::budget {

Result<Grant> Ledger::grant(Kind kind, std::uint64_t bytes, Need need) {
  if (auto taken = take(kind, bytes, need); !taken) return std::unexpected(std::move(taken).error());
  return Grant(*this, kind, bytes);
}

Result<void> Grant::grow_by(std::uint64_t bytes, Need need) {
  assert(ledger_ != nullptr);
  auto taken = ledger_->take(kind_, bytes, need);
  if (taken) bytes_ += bytes;
  return taken;
}

void Grant::shrink_to(std::uint64_t bytes) {
  if (ledger_ == nullptr || bytes >= bytes_) return;
  ledger_->give_back(kind_, bytes_ - bytes);
  bytes_ = bytes;
}

void Grant::set_to(std::uint64_t bytes) {
  if (bytes <= bytes_) return shrink_to(bytes);
  assert(ledger_ != nullptr);
  ledger_->put(kind_, bytes - bytes_);
  bytes_ = bytes;
}

void Grant::absorb(Grant&& other) {
  assert(other.bytes_ == 0 || (other.ledger_ == ledger_ && other.kind_ == kind_));
  bytes_ += std::exchange(other.bytes_, 0);
}

std::uint64_t UnlimitedLedger::granted(Kind kind) const {
  return granted_[static_cast<std::size_t>(kind)].load(std::memory_order_relaxed);
}

Result<void> UnlimitedLedger::take(Kind kind, std::uint64_t bytes, Need) {
  put(kind, bytes);
  return {};
}

void UnlimitedLedger::put(Kind kind, std::uint64_t bytes) {
  granted_[static_cast<std::size_t>(kind)].fetch_add(bytes, std::memory_order_relaxed);
}

void UnlimitedLedger::give_back(Kind kind, std::uint64_t bytes) {
  granted_[static_cast<std::size_t>(kind)].fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace nexus::budget
