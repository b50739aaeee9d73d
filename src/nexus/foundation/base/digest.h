// A 128-bit digest of bytes (XXH3). It detects damage. It does not detect forgery: an attacker can construct two
// texts with the same digest.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace nexus {

struct Digest {
  std::uint64_t high = 0, low = 0;
  auto operator<=>(const Digest&) const = default;
};

// Different seeds give different digests of the same bytes.
Digest digest_of(std::span<const std::byte> bytes, std::uint64_t seed = 0);

std::string hex(const Digest& digest);  // 32 lower-case digits

}  // namespace nexus
