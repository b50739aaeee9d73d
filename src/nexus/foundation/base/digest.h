// 128 bits that stand for some bytes (XXH3). They find damage; they are no help against somebody who makes two texts with
// the same digest on purpose.
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

// Different for different seeds.
Digest digest_of(std::span<const std::byte> bytes, std::uint64_t seed = 0);

std::string hex(const Digest& digest);  // 32 lower-case digits

}  // namespace nexus
