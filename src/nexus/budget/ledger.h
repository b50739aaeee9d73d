// Bytes are granted before they may be used. This is the interface that every part charges through; UnlimitedLedger
// counts and grants everything.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "nexus/base/error.h"

namespace nexus::budget {

// What the bytes are for; the labels of nexus_memory_accounted_bytes.
enum class Kind : std::uint8_t { kServer, kImages, kInstances, kSuspended, kCache, kBuffers };
inline constexpr std::size_t kKindCount = 6;

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
  Result<void> grow_by(std::uint64_t bytes);
  void shrink_to(std::uint64_t bytes);
  std::uint64_t bytes() const { return bytes_; }

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
  // All of the bytes, or an error with wall, limit and what was wanted. Called from inside a growing memory: must not
  // block for long and must not throw.
  Result<Grant> grant(Kind kind, std::uint64_t bytes);
  virtual std::uint64_t granted(Kind kind) const = 0;

 private:
  friend class Grant;
  virtual Result<void> take(Kind kind, std::uint64_t bytes) = 0;
  virtual void give_back(Kind kind, std::uint64_t bytes) = 0;
};

class UnlimitedLedger final : public Ledger {
 public:
  std::uint64_t granted(Kind kind) const override;

 private:
  Result<void> take(Kind kind, std::uint64_t bytes) override;
  void give_back(Kind kind, std::uint64_t bytes) override;
  std::array<std::atomic<std::uint64_t>, kKindCount> granted_{};
};

}  // namespace nexus::budget
