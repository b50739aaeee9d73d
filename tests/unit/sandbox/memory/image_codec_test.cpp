#include "nexus/sandbox/memory/image_codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "support/steps.h"

namespace nexus::memory {
namespace {

using Bytes = std::vector<std::byte>;
using Images = std::shared_ptr<const Image>;

class ImageCodec : public ::testing::Test {
 protected:
  Bytes some_bytes(std::size_t wasm_pages) {
    Bytes bytes(wasm_pages * kWasmPageBytes);
    for (std::size_t page = 0; page < bytes.size() / kPageBytes; page += 1 + random_() % 3)
      std::memset(bytes.data() + page * kPageBytes, static_cast<int>(1 + random_() % 255), kPageBytes);
    return bytes;
  }

  // An image of `wasm_pages` wasm pages that differs from the base in some words.
  Images changed(std::size_t wasm_pages) {
    Bytes bytes = base_bytes_;
    bytes.resize(wasm_pages * kWasmPageBytes);
    for (int i = 0; i < 50; ++i)
      bytes[random_() % bytes.size()] ^= std::byte{0x5a};
    bytes.front() ^= std::byte{1};
    bytes.back() ^= std::byte{1};
    return Image::freeze(bytes, base_);
  }

  static Bytes encoded(const Image& image) {
    Bytes bytes;
    append_image(bytes, image);
    return bytes;
  }

  std::mt19937 random_{11};
  Bytes base_bytes_ = some_bytes(2);
  Images base_ = Image::freeze(base_bytes_, nullptr);
};

TEST_F(ImageCodec, RoundTripsImage) {
  for (const std::size_t wasm_pages : {1, 2, 3, 40}) {
    const Images image = changed(wasm_pages);
    const Images again = read_image(encoded(*image), base_);
    ASSERT_NE(again, nullptr) << wasm_pages;
    EXPECT_EQ(again->digest(), image->digest());
    EXPECT_EQ(again->size_bytes(), image->size_bytes());
    EXPECT_EQ(again->own().runs(), image->own().runs());
    EXPECT_TRUE(again->has_same_base(*image));
    EXPECT_EQ(encoded(*again), encoded(*image));
  }
}

TEST_F(ImageCodec, KeepsLearnedPages) {
  const Images image = changed(5);
  PageSet written(image->pages());
  for (const std::size_t page : {0, 3, 63, 64, 79})
    written.add(page);
  image->learned().merge(written);
  const Images again = read_image(encoded(*image), base_);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->learned().snapshot(again->pages()).runs(), written.runs());
}

TEST_F(ImageCodec, ImageEqualToBaseIsSmall) {
  const Images image = Image::freeze(base_bytes_, base_);
  EXPECT_LT(encoded(*image).size(), 32u);
  const Images again = read_image(encoded(*image), base_);
  ASSERT_NE(again, nullptr);
  EXPECT_TRUE(again->equals(base_bytes_));
}

TEST_F(ImageCodec, RejectsImpossibleSizes) {
  const auto with_pages = [](std::uint32_t pages) {
    Bytes bytes(2 * sizeof(std::uint32_t));
    const std::uint32_t words = pages / 64 + (pages % 64 != 0 ? 1 : 0);
    std::memcpy(bytes.data(), &pages, sizeof pages);
    std::memcpy(bytes.data() + sizeof pages, &words, sizeof words);
    bytes.resize(bytes.size() + words * sizeof(std::uint64_t));
    return bytes;
  };
  EXPECT_NE(read_image(with_pages(16), base_), nullptr);
  EXPECT_NE(read_image(with_pages(1 << 20), base_), nullptr);
  for (const std::uint32_t pages : {0u, 15u, 17u, (1u << 20) + 16})
    EXPECT_EQ(read_image(with_pages(pages), base_), nullptr) << pages;
  Bytes huge = with_pages(16);
  std::memset(huge.data(), 0xff, 2 * sizeof(std::uint32_t));
  EXPECT_EQ(read_image(huge, base_), nullptr);
}

// The runs of a page must be in order, inside the page, and complete.
TEST_F(ImageCodec, RejectsChangesOutsidePages) {
  struct Run {
    std::uint16_t offset, length;
  };
  const auto changes_of = [](std::uint32_t page, std::vector<Run> runs, int more = 0) {
    Bytes bytes;
    const auto append = [&](const auto& value) {
      const auto part = std::as_bytes(std::span(&value, 1));
      bytes.insert(bytes.end(), part.begin(), part.end());
    };
    std::uint32_t length = 0;
    for (const Run run : runs)
      length += static_cast<std::uint32_t>(sizeof run + run.length);
    append(page);
    append(static_cast<std::uint32_t>(static_cast<int>(length) + more));
    for (const Run run : runs) {
      append(run);
      bytes.resize(bytes.size() + run.length);
    }
    return bytes;
  };
  const auto is_image = [&](const Bytes& changes) {
    return Image::from_changes(16, changes, base_) != nullptr;
  };
  EXPECT_TRUE(is_image(changes_of(15, {{0, 4096}})));
  EXPECT_TRUE(is_image(changes_of(0, {{0, 1}, {1, 1}, {4095, 1}})));
  EXPECT_FALSE(is_image(changes_of(16, {{0, 1}}))) << "a page too far";
  EXPECT_FALSE(is_image(changes_of(0, {{4095, 2}}))) << "across the end of the page";
  EXPECT_FALSE(is_image(changes_of(0, {{65535, 1}})));
  EXPECT_FALSE(is_image(changes_of(0, {{0, 0}}))) << "nothing";
  EXPECT_FALSE(is_image(changes_of(0, {{8, 4}, {4, 4}}))) << "backwards";
  EXPECT_FALSE(is_image(changes_of(0, {{8, 4}, {11, 4}}))) << "overlapping";
  EXPECT_FALSE(is_image(changes_of(0, {{8, 4}}, 1))) << "more than there is";
  EXPECT_FALSE(is_image(changes_of(0, {{8, 4}}, -1))) << "less than there is";
  Bytes twice = changes_of(3, {{8, 4}});
  const Bytes again = twice;
  twice.insert(twice.end(), again.begin(), again.end());
  EXPECT_FALSE(is_image(twice)) << "one page twice";
}

// Any bytes give no image, or an image that stays inside its own pages; checked by the sanitizers.
TEST_F(ImageCodec, FuzzOfDamagedBytes) {
  const Bytes sound = encoded(*changed(3));
  const std::uint64_t steps = testing::steps(20'000);
  std::uint64_t images = 0;
  for (std::uint64_t step = 0; step < steps; ++step) {
    Bytes bytes = sound;
    for (auto damage = 1 + random_() % 4; damage > 0; --damage)
      bytes[random_() % bytes.size()] = static_cast<std::byte>(random_());
    if (random_() % 4 == 0) bytes.resize(random_() % bytes.size());
    const Images image = read_image(bytes, base_);
    if (image == nullptr) continue;
    ++images;
    if (image->pages() > 1024) continue;
    Bytes memory(image->size_bytes());
    image->put_changes(memory.data(), image->own());
    EXPECT_EQ(image->unfold()->count(), image->pages());
  }
  EXPECT_GT(images, 0u) << "the fuzz goes deep enough";
  EXPECT_LT(images, steps);
}

}  // namespace
}  // namespace nexus::memory
