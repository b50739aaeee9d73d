// The ledger of the process: grants up to a total that may change at any time, and names the limit that refused.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "nexus/foundation/budget/ledger.h"

namespace nexus::budget {

// The limit that sets the total; a refusal names it.
struct NamedLimit {
  std::string_view layer = "budget";              // or "container"
  std::string_view setting = "MEMORY_BUDGET_MB";  // the setting that changes the limit
  std::uint64_t limit_bytes = kUnlimited;         // of the limit itself; the total is less
  bool operator==(const NamedLimit&) const = default;
};

// A consistent copy of the ledger's state.
struct LedgerState {
  Accounts accounts;
  NamedLimit limit;
};

// Thread-safe. A grant is one uncontended lock: about 20 ns.
class BoundedLedger : public Ledger {
 public:
  void set(std::uint64_t total, const Shares& shares, const NamedLimit& limit, std::uint64_t headroom = 0);

  std::uint64_t granted(Kind kind) const override;
  std::uint64_t free_for(Kind kind, Need need = Need::kStart) const override;
  LedgerState state() const;

 private:
  Result<void> take(Kind kind, std::uint64_t bytes, Need need) override;
  void put(Kind kind, std::uint64_t bytes) override;
  void give_back(Kind kind, std::uint64_t bytes) override;

  mutable std::mutex mutex_;
  LedgerState state_;
};

}  // namespace nexus::budget
