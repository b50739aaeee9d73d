// Bytes are granted before they may be used. This is the interface that every part charges through; UnlimitedLedger
// counts and grants everything, BoundedLedger is in bounded_ledger.h.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/accounts.h"

namespace nexus::budget {

class Ledger;

// Bytes held from a ledger, given back when it goes. Not thread-safe by itself; the ledger is.
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

  // More of the same, or the ledger's refusal; what is held already stays. REQUIRES: a grant from a ledger.
  Result<void> grow_by(std::uint64_t bytes, Need need = Need::kGrowth);
  // The same, unless it holds as much already.
  Result<void> grow_to(std::uint64_t bytes, Need need = Need::kGrowth) {
    return bytes > bytes_ ? grow_by(bytes - bytes_, need) : Result<void>();
  }
  void shrink_to(std::uint64_t bytes);
  // For memory that is there already, granted or not: never refused. REQUIRES: a grant from a ledger, unless 0.
  void set_to(std::uint64_t bytes);
  // Takes over what the other holds. REQUIRES: of the same ledger and kind, or the other is empty.
  void absorb(Grant&& other);

  std::uint64_t bytes() const { return bytes_; }
  Ledger* ledger() const { return ledger_; }  // null: it is from none

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
  // All of the bytes, or kOverloaded with the layer, its limit, what was wanted and what is free. Called from inside a
  // growing memory: must not block for long and must not throw.
  Result<Grant> grant(Kind kind, std::uint64_t bytes, Need need = Need::kStart);
  // Of nothing yet; cannot fail.
  Grant open(Kind kind) { return {*this, kind, 0}; }
  virtual std::uint64_t granted(Kind kind) const = 0;
  // What grant() would give now. Only a hint: others take as well.
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
