// The accounts: bytes granted to each kind, and whether more may be granted. Only arithmetic: no locks, clocks or
// memory.
//
//   │ granted: server │ images │ instances │ ... │ least of others, not yet used │ free for this kind │ total
//
// Each kind has a `least`, which the other kinds must leave to it, so that a full cache cannot keep a handler from
// running; and a `most`, so that a flood of bodies cannot take all memory. Growth must also leave the `headroom`
// free, so that a small handler can still start beside handlers that take all they can get.
// small handler can still start beside hogs that take all they can get.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace nexus::budget {

// The use of the bytes. People see the names in kKindNames.
enum class Kind : std::uint8_t { kServer, kImages, kInstances, kSuspended, kCache, kBuffers };
inline constexpr std::size_t kKindCount = 6;
inline constexpr std::array<std::string_view, kKindCount> kKindNames{"server",    "images", "instances",
                                                                     "suspended", "cache",  "buffers"};

inline constexpr std::uint64_t kUnlimited = std::numeric_limits<std::uint64_t>::max();

struct Share {
  std::uint64_t least = 0;
  std::uint64_t most = kUnlimited;
};
using Shares = std::array<Share, kKindCount>;

// The reason for the bytes: to start something (an instance, a connection), or to let it grow.
enum class Need : bool { kStart, kGrowth };

// Not thread-safe. All sums saturate.
class Accounts {
 public:
  // Takes back no grant: if more is granted than the new total, further grants fail until less is granted.
  void set(std::uint64_t total, const Shares& shares, std::uint64_t headroom = 0);

  // Grants all of the bytes or none.
  bool take(Kind kind, std::uint64_t bytes, Need need = Need::kStart);
  // Records bytes that are in use already: never fails, may exceed the total.
  void put(Kind kind, std::uint64_t bytes);
  // REQUIRES: `bytes` is at most granted(kind).
  void give_back(Kind kind, std::uint64_t bytes);

  std::uint64_t granted(Kind kind) const { return granted_[static_cast<std::size_t>(kind)]; }
  std::uint64_t granted() const;  // of all kinds
  std::uint64_t total() const { return total_; }
  // The most that take() would grant to `kind` now.
  std::uint64_t free_for(Kind kind, Need need = Need::kStart) const;

 private:
  std::uint64_t total_ = kUnlimited;
  std::uint64_t headroom_ = 0;
  Shares shares_{};
  std::array<std::uint64_t, kKindCount> granted_{};
};

}  // namespace nexus::budget
