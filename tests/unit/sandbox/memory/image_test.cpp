#include "nexus/sandbox/memory/image.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace nexus::memory {
namespace {

using Bytes = std::vector<std::byte>;

Bytes zeros(std::size_t wasm_pages) { return Bytes(wasm_pages * kWasmPageBytes); }

void mark(Bytes& bytes, std::size_t page, unsigned char value) {
  std::memset(bytes.data() + page * kPageBytes, value, kPageBytes);
}

TEST(Image, StoresNothingForZeroPages) {
  Bytes bytes = zeros(2);
  mark(bytes, 3, 7);
  const auto image = Image::freeze(bytes, nullptr);
  EXPECT_EQ(image->size_bytes(), bytes.size());
  const auto pages = image->unfold();
  EXPECT_EQ(pages->own_pages(), 1U);
  EXPECT_EQ((*pages)[0], nullptr);
  ASSERT_NE((*pages)[3], nullptr);
  EXPECT_EQ(std::memcmp((*pages)[3], bytes.data() + 3 * kPageBytes, kPageBytes), 0);
  EXPECT_EQ((*pages)[32], nullptr) << "above the image";
  EXPECT_GE(image->stored_bytes(), kPageBytes);
  EXPECT_LT(image->stored_bytes(), kPageBytes + 1024);
}

TEST(Image, StoredBytesStayBelowMostBytes) {
  std::mt19937_64 random(1);
  Bytes bytes = zeros(4);
  for (std::byte& byte : bytes)
    byte = std::byte(random());
  const auto base = Image::freeze(bytes, nullptr);
  for (const std::size_t step : {1UL, 2UL, 16UL, 17UL, 18UL, 100UL, kPageBytes, 3 * kPageBytes}) {
    Bytes changed = bytes;
    for (std::size_t at = 0; at < changed.size(); at += step)
      changed[at] ^= std::byte{1};
    changed.resize(changed.size() + kWasmPageBytes, std::byte{9});
    const PageSet differing = Image::differing_pages(changed, *base);
    const auto image = Image::freeze(changed, base, differing);
    EXPECT_LE(image->stored_bytes(), Image::most_bytes(differing)) << step;
    EXPECT_EQ(image->changes().size(), Image::freeze(changed, base)->changes().size());
    EXPECT_TRUE(image->equals(changed));
  }
  EXPECT_EQ(Image::differing_pages(bytes, *base).count(), 0);
}

TEST(Image, SharesEqualPagesWithBase) {
  Bytes bytes = zeros(1);
  mark(bytes, 1, 1);
  mark(bytes, 2, 2);
  mark(bytes, 4, 4);
  const auto base = Image::freeze(bytes, nullptr);
  mark(bytes, 2, 22);  // changed
  mark(bytes, 4, 0);   // zero again: not the base's page
  mark(bytes, 5, 5);   // new
  const auto image = Image::freeze(bytes, base);
  const auto pages = image->unfold(), of_base = base->unfold();
  EXPECT_EQ((*pages)[1], (*of_base)[1]);
  EXPECT_NE((*pages)[2], (*of_base)[2]);
  EXPECT_EQ(image->own().runs(), (std::vector<PageRun>{{2, 1}, {4, 2}}));
  EXPECT_TRUE(image->equals(bytes));
}

TEST(Image, ImageOfImageUsesItsBase) {
  Bytes bytes = zeros(1);
  mark(bytes, 1, 1);
  auto first = Image::freeze(bytes, nullptr);
  mark(bytes, 2, 2);
  auto second = Image::freeze(bytes, first);
  mark(bytes, 3, 3);
  const auto third = Image::freeze(bytes, second);
  first.reset();
  second.reset();
  EXPECT_EQ(third->own().count(), 2U);
  EXPECT_TRUE(third->equals(bytes));
}

TEST(Image, MayBeSmallerOrLargerThanItsBase) {
  Bytes bytes = zeros(2);
  for (std::size_t page = 0; page < 32; ++page)
    mark(bytes, page, static_cast<unsigned char>(page + 1));
  const auto base = Image::freeze(bytes, nullptr);
  const auto smaller = Image::freeze(std::span(bytes).first(kWasmPageBytes), base);
  EXPECT_EQ(smaller->own().count(), 0U);
  EXPECT_TRUE(smaller->equals(std::span(bytes).first(kWasmPageBytes)));
  bytes.resize(3 * kWasmPageBytes);
  mark(bytes, 40, 9);
  const auto larger = Image::freeze(bytes, base);
  EXPECT_EQ(larger->own().count(), 1U);
  EXPECT_TRUE(larger->equals(bytes));
}

TEST(Image, StoresOnlyChangesAgainstBase) {
  Bytes bytes = zeros(16);
  for (std::size_t page = 0; page < 256; ++page)
    mark(bytes, page, static_cast<unsigned char>(page));
  const auto base = Image::freeze(bytes, nullptr);
  for (std::size_t page = 0; page < 100; ++page) {
    for (const std::size_t at : {0, 5, 2000, 2016, 4095})
      bytes[page * kPageBytes + at] ^= std::byte{1};
  }
  const auto image = Image::freeze(bytes, base);
  EXPECT_EQ(image->own().count(), 100U);
  EXPECT_LT(image->stored_bytes(), 100 * 64U) << "and not 100 pages";
  EXPECT_TRUE(image->equals(bytes));
}

TEST(Image, UnfoldedPagesAreShared) {
  Bytes bytes = zeros(1);
  const auto base = Image::freeze(bytes, nullptr);
  mark(bytes, 3, 3);
  const auto image = Image::freeze(bytes, base);
  EXPECT_EQ(image->unfolded(), nullptr);
  auto one = image->unfold();
  EXPECT_EQ(image->unfold(), one);
  EXPECT_EQ(image->unfolded(), one);
  one.reset();
  EXPECT_EQ(image->unfolded(), nullptr) << "and gone with the last of them";
}

// Pages and changes agree, for any changes to any base.
TEST(Image, RandomChangesRoundTrip) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE(round);
    Bytes bytes = zeros(1 + random() % 3);
    for (std::size_t page = 0; page < bytes.size() / kPageBytes; ++page) {
      if (random() % 2 != 0) mark(bytes, page, static_cast<unsigned char>(random()));
    }
    const auto base = Image::freeze(bytes, nullptr);
    bytes.resize((1 + random() % 3) * kWasmPageBytes);
    for (std::size_t n = random() % 200; n > 0; --n) {
      const std::size_t at = random() % bytes.size();
      const std::size_t length =
          std::min<std::size_t>(bytes.size() - at, random() % 8 == 0 ? random() % 9000 : 1 + random() % 40);
      std::memset(bytes.data() + at, random() % 3 == 0 ? 0 : static_cast<int>(random() & 255), length);
    }
    const auto image = Image::freeze(bytes, base);
    ASSERT_TRUE(image->equals(bytes));
    // The base's pages with the changes of the selected pages only.
    Bytes made = zeros(bytes.size() / kWasmPageBytes);
    PageSet where(image->pages());
    for (std::size_t page = 0; page < image->pages(); ++page) {
      put(made.data() + page * kPageBytes, image->base_pages()[page], kPageBytes);
      if (random() % 2 != 0) where.add(page);
    }
    const Bytes before = made;
    image->put_changes(made.data(), where);
    for (std::size_t page = 0; page < image->pages(); ++page) {
      const Bytes& expected = where.contains(page) ? bytes : before;
      ASSERT_EQ(std::memcmp(made.data() + page * kPageBytes, expected.data() + page * kPageBytes, kPageBytes),
                0)
          << page;
    }
  }
}

TEST(Image, EqualsOnlyTheSameBytesAndSize) {
  std::mt19937_64 random(3);
  Bytes bytes = zeros(2);
  mark(bytes, 1, 1);
  const auto image = Image::freeze(bytes, nullptr);
  EXPECT_TRUE(image->equals(bytes));
  EXPECT_FALSE(image->equals(std::span(bytes).first(kWasmPageBytes)));
  EXPECT_FALSE(image->equals(zeros(3)));
  for (int i = 0; i < 200; ++i) {
    const std::size_t at = random() % bytes.size();
    bytes[at] ^= std::byte{0x10};
    ASSERT_FALSE(image->equals(bytes)) << at;
    ASSERT_FALSE(image->unfold()->equals(at / kPageBytes, bytes.data() + at / kPageBytes * kPageBytes));
    bytes[at] ^= std::byte{0x10};
  }
}

TEST(Image, DigestDependsOnlyOnBytes) {
  Bytes bytes = zeros(2);
  mark(bytes, 1, 1);
  mark(bytes, 7, 7);
  const auto base = Image::freeze(bytes, nullptr);
  Bytes other = bytes;
  mark(other, 9, 9);
  const auto alone = Image::freeze(other, nullptr), over_base = Image::freeze(other, base);
  EXPECT_EQ(alone->digest(), over_base->digest());
  EXPECT_NE(alone->digest(), base->digest());
  EXPECT_NE(Image::freeze(zeros(1), nullptr)->digest(), Image::freeze(zeros(2), nullptr)->digest());
  // The order of pages matters.
  Bytes swapped = zeros(2);
  mark(swapped, 7, 1);
  mark(swapped, 1, 7);
  EXPECT_NE(Image::freeze(swapped, nullptr)->digest(), base->digest());
  // Nor may it change between releases: a delta on disk names its image by its digest.
  EXPECT_EQ(Image::freeze(zeros(1), nullptr)->digest(), Image::freeze(zeros(1), base)->digest());
}

TEST(Image, LearnsFromAllInstancesWithinItsSize) {
  const auto image = Image::freeze(zeros(2), nullptr);
  EXPECT_EQ(image->learned().snapshot(image->pages()).count(), 0U);
  PageSet first(32), second(200);
  first.add(PageRun{3, 2});
  second.add(31);
  second.add(150);
  image->learned().merge(first);
  image->learned().merge(second);
  const PageSet known = image->learned().snapshot(image->pages());
  EXPECT_EQ(known.runs(), (std::vector<PageRun>{{3, 2}, {31, 1}}));
}

}  // namespace
}  // namespace nexus::memory
