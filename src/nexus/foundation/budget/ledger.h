// Bytes are granted before they are used. Every part of the program charges memory through this interface.
// UnlimitedLedger only counts and grants everything; BoundedLedger is in bounded_ledger.h.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/accounts.h"

namespace nexus::budget {

class Ledger;

// Bytes held from a ledger; the destructor gives them back. Not thread-safe; the ledger is. The ledger must outlive
// it.
class Grant {
 public:
  Grant() = default;
  Grant(Grant&& other) noexcept
      : ledger_(std::exchange(other.ledger_, nullptr)),
        kind_(other.kind_),
        bytes_(std::exchange(other.bytes_, 0)) {}
  Grant& operator=(Grant&& other) noexcept {
    Grant gone(std::move(*this));
    ledger_ = std::exchange(other.ledger_, nullptr);
    kind_ = other.kind_;
    bytes_ = std::exchange(other.bytes_, 0);
    return *this;
  }
  ~Grant() { shrink_to(0); }

  // Adds `bytes`, or returns the ledger's error and keeps what it holds. REQUIRES: a grant from a ledger.
  Result<void> grow_by(std::uint64_t bytes, Need need = Need::kGrowth);
  // Grows to `bytes` in total; does nothing if the grant holds as much already.
  Result<void> grow_to(std::uint64_t bytes, Need need = Need::kGrowth) {
    return bytes > bytes_ ? grow_by(bytes - bytes_, need) : Result<void>();
  }
  void shrink_to(std::uint64_t bytes);
  // Sets the size to memory that is in use already: never fails. REQUIRES: a grant from a ledger, or `bytes` is 0.
  void set_to(std::uint64_t bytes);
  // Takes over the bytes of `other`. REQUIRES: `other` is empty or of the same ledger and kind.
  void absorb(Grant&& other);

  std::uint64_t bytes() const { return bytes_; }
  Ledger* ledger() const { return ledger_; }  // null for a default-constructed grant

 private:
  friend class Ledger;
  Grant(Ledger& ledger, Kind kind, std::uint64_t bytes) : ledger_(&ledger), kind_(kind), bytes_(bytes) {}
  Ledger* ledger_ = nullptr;
  Kind kind_ = Kind::kServer;
  std::uint64_t bytes_ = 0;
};

// Thread-safe.
class Ledger {
 public:
  virtual ~Ledger() = default;
  // All of the bytes, or kOverloaded with the layer, its limit, the bytes wanted and the bytes free. A growing memory
  // calls it while it grows: must not block for long and must not throw.
  Result<Grant> grant(Kind kind, std::uint64_t bytes, Need need = Need::kStart);
  // An empty grant; cannot fail.
  Grant open(Kind kind) { return {*this, kind, 0}; }
  virtual std::uint64_t granted(Kind kind) const = 0;
  // The bytes that grant() would give now. A hint only: other threads take bytes as well.
  virtual std::uint64_t free_for(Kind kind, Need need = Need::kStart) const = 0;

 private:
  friend class Grant;
  virtual Result<void> take(Kind kind, std::uint64_t bytes, Need need) = 0;
  virtual void put(Kind kind, std::uint64_t bytes) = 0;
  virtual void give_back(Kind kind, std::uint64_t bytes) = 0;
};

class UnlimitedLedger final : public Ledger {
 public:
  std::uint64_t granted(Kind kind) const override;
  std::uint64_t free_for(Kind, Need) const override { return kUnlimited; }

 private:
  Result<void> take(Kind kind, std::uint64_t bytes, Need need) override;
  void put(Kind kind, std::uint64_t bytes) override;
  void give_back(Kind kind, std::uint64_t bytes) override;
  std::array<std::atomic<std::uint64_t>, kKindCount> granted_{};
};

}  // namespace nexus::budget
