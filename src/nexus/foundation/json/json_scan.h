// Finds the end of a run of plain string bytes, eight bytes at a time: the inner loop of reading and writing JSON.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace nexus {

enum class NonAscii : bool { kIsPlain, kStops };

// The first byte in [at, end) that is a quote, a backslash or a control character, or `end`; with kStops also the first
// byte of anything beyond ASCII.
template <NonAscii kNonAscii>
inline const char* skip_plain(const char* at, const char* end) {
  static_assert(std::endian::native == std::endian::little,
                "the first byte in memory must be the lowest of a word");
  constexpr std::uint64_t kOnes = 0x0101'0101'0101'0101;
  constexpr std::uint64_t kHighs = kOnes * 0x80;
  // A borrow may set a wrong mark, but only above a byte with a right one: the lowest mark is always right.
  const auto has_zero = [](std::uint64_t x) { return (x - kOnes) & ~x; };
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    std::uint64_t marks =
        has_zero(word ^ (kOnes * '"')) | has_zero(word ^ (kOnes * '\\')) | ((word - kOnes * 0x20) & ~word);
    if constexpr (kNonAscii == NonAscii::kStops) marks |= word;
    marks &= kHighs;
    if (marks != 0) return at + std::countr_zero(marks) / 8;
    at += 8;
  }
  while (at != end) {
    const auto byte = static_cast<unsigned char>(*at);
    if (byte == '"' || byte == '\\' || byte < 0x20) break;
    if (kNonAscii == NonAscii::kStops && byte >= 0x80) break;
    ++at;
  }
  return at;
}

}  // namespace nexus
