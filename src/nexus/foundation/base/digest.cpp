#include "nexus/foundation/base/digest.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace nexus {

Digest digest_of(std::span<const std::byte> bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.high64, hash.low64};
}

std::string hex(const Digest& digest) { return fmt::format("{:016x}{:016x}", digest.high, digest.low); }

}  // namespace nexus
