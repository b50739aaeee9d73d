// Who holds how many bytes, and whether more may be granted: arithmetic on numbers, without locks, clocks or memory.
//
//   │ granted: server │ images │ instances │ ... │ least of others, not yet used │ free for this kind │ total
//
// A kind has its `least`: what the others may not take from it, so that a full cache cannot keep a handler from running;
// and its `most`, so that a flood of bodies cannot take everything. And whatever grows leaves the `headroom` free, in which a
// small handler can still start beside hogs that take all they can get.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>

namespace nexus::budget {

// What the bytes are for, and what people are told of it.
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

// What the bytes are needed for: to start with (an instance, a connection), or to have more.
enum class Need : bool { kStart, kGrowth };

// Not thread-safe. All sums saturate.
class Accounts {
 public:
  // Nothing that is granted is taken back: when it is more than the new total, nothing is granted until it is less.
  void set(std::uint64_t total, const Shares& shares, std::uint64_t headroom = 0);

  // All of the bytes or none.
  bool take(Kind kind, std::uint64_t bytes, Need need = Need::kStart);
  // For what is there whether or not it was granted: never refused, may exceed the total.
  void put(Kind kind, std::uint64_t bytes);
  // REQUIRES: at most what is granted.
  void give_back(Kind kind, std::uint64_t bytes);

  std::uint64_t granted(Kind kind) const { return granted_[static_cast<std::size_t>(kind)]; }
  std::uint64_t granted() const;  // of all kinds
  std::uint64_t total() const { return total_; }
  // The most that take() would give to the kind now.
  std::uint64_t free_for(Kind kind, Need need = Need::kStart) const;

 private:
  std::uint64_t total_ = kUnlimited;
  std::uint64_t headroom_ = 0;
  Shares shares_{};
  std::array<std::uint64_t, kKindCount> granted_{};
};

}  // namespace nexus::budget
