#include "nexus/foundation/base/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace nexus {
namespace {

Digest of(std::string_view text, std::uint64_t seed = 0) {
  return digest_of(std::as_bytes(std::span(text)), seed);
}

TEST(Digest, SameDigestOnlyForSameBytesAndSeed) {
  EXPECT_EQ(of("some text"), of(std::string("some ") + "text"));
  EXPECT_EQ((std::set{of(""), of("a"), of("b"), of("ab"), of("a", 1), of("", 1)}.size()), 6u);
}

// Names of files on disk depend on this value: it must never change.
TEST(Digest, IsXxh3) { EXPECT_EQ(hex(of("")), "99aa06d3014798d86001c324468d497f"); }

TEST(Digest, HexHasAllDigits) { EXPECT_EQ(hex({1, 0xab}), "000000000000000100000000000000ab"); }

}  // namespace
}  // namespace nexus
