#include "nexus/sandbox/handlers/image_file.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "images.h"
#include "support/steps.h"

namespace nexus::handlers {
namespace {

using Bytes = std::vector<std::byte>;

constexpr Digest kOrigin{1, 2};
constexpr std::string_view kSource = "return 'some source'";

class ImageFile : public ::testing::Test {
 protected:
  std::shared_ptr<const memory::Image> read(const Bytes& file, const Digest& origin = kOrigin,
                                            std::string_view source = kSource) const {
    return read_image_file(file, origin, source, images_.base());
  }

  Images images_;
  std::shared_ptr<const memory::Image> image_ = images_.make(9000);
  Bytes file_ = make_image_file(kOrigin, kSource, *image_);
};

TEST_F(ImageFile, RoundTripsImage) {
  const auto again = read(file_);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->digest(), image_->digest());
}

TEST_F(ImageFile, EmptySourceRoundTrips) {
  EXPECT_NE(read(make_image_file(kOrigin, "", *image_), kOrigin, ""), nullptr);
}

TEST_F(ImageFile, OtherSourceOrOriginIsMissing) {
  EXPECT_EQ(read(file_, {1, 3}), nullptr);
  EXPECT_EQ(read(file_, {2, 2}), nullptr);
  EXPECT_EQ(read(file_, kOrigin, "return 'some sourcE'"), nullptr);
  EXPECT_EQ(read(file_, kOrigin, "return 'some source' "), nullptr);
  EXPECT_EQ(read(file_, kOrigin, ""), nullptr);
}

TEST_F(ImageFile, NameDependsOnSourceAndOrigin) {
  const Digest name = image_file_name(kOrigin, kSource);
  EXPECT_EQ(image_file_name(kOrigin, kSource), name);
  EXPECT_NE(image_file_name({1, 3}, kSource), name);
  EXPECT_NE(image_file_name({3, 2}, kSource), name);
  EXPECT_NE(image_file_name(kOrigin, "return"), name);
}

TEST_F(ImageFile, TruncatedFileIsMissing) {
  for (std::size_t length = 0; length < file_.size(); length += 1 + length / 50)
    EXPECT_EQ(read(Bytes(file_.begin(), file_.begin() + static_cast<std::ptrdiff_t>(length))), nullptr)
        << length;
  Bytes longer = file_;
  longer.push_back({});
  EXPECT_EQ(read(longer), nullptr);
}

TEST_F(ImageFile, FuzzOfDamage) {
  std::mt19937 random(5);
  for (std::uint64_t step = 0; step < testing::steps(20'000); ++step) {
    Bytes file = file_;
    for (auto damage = 1 + random() % 8; damage > 0; --damage)
      file[random() % file.size()] = static_cast<std::byte>(random());
    if (random() % 8 == 0) file.resize(random() % file.size());
    if (file == file_) continue;
    ASSERT_EQ(read(file), nullptr) << "step " << step;
  }
}

// A forger who knows the checksum can produce another image, but nothing worse.
TEST_F(ImageFile, FuzzOfForgeries) {
  std::mt19937 random(6);
  std::uint64_t images = 0;
  for (std::uint64_t step = 0; step < testing::steps(20'000); ++step) {
    Bytes file = file_;
    const std::size_t from = random() % 2 == 0 ? sizeof(Digest) : 60;
    for (auto damage = 1 + random() % 3; damage > 0; --damage)
      file[from + random() % (std::min<std::size_t>(file.size(), 400) - from)] =
          static_cast<std::byte>(random());
    if (random() % 8 == 0) file.resize(sizeof(Digest) + random() % (file.size() - sizeof(Digest)));
    const Digest checksum = digest_of(std::span(file).subspan(sizeof(Digest)), 1);
    std::memcpy(file.data(), &checksum, sizeof checksum);
    const auto image = read(file);
    if (image == nullptr || image->pages() > 1024) continue;
    ++images;
    Bytes memory(image->size_bytes());
    image->put_changes(memory.data(), image->own());
  }
  EXPECT_GT(images, 0u) << "the checksum is made in another way by now";
}

}  // namespace
}  // namespace nexus::handlers
