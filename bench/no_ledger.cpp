// A ledger that counts nothing, in place of src/nexus/foundation/budget/ledger.cpp. A grant knows only its own size,
// because its holder asks for it. The benchmark compares a call with this ledger and with the real one.
#include <algorithm>
#include <utility>

#include "nexus/foundation/budget/ledger.h"

namespace nexus::budget {

Result<Grant> Ledger::grant(Kind kind, std::uint64_t bytes, Need) { return Grant(*this, kind, bytes); }

Result<void> Grant::grow_by(std::uint64_t bytes, Need) {
  bytes_ += bytes;
  return {};
}

void Grant::shrink_to(std::uint64_t bytes) { bytes_ = std::min(bytes_, bytes); }

void Grant::set_to(std::uint64_t bytes) { bytes_ = bytes; }

void Grant::absorb(Grant&& other) { bytes_ += std::exchange(other.bytes_, 0); }

}  // namespace nexus::budget
