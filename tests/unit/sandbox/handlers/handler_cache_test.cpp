#include "nexus/sandbox/handlers/handler_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "nexus/foundation/budget/bounded_ledger.h"
#include "support/steps.h"

namespace nexus::handlers {
namespace {

// An image that stores `pages` pages of its own.
std::shared_ptr<const memory::Image> image_of(std::size_t pages) {
  std::vector<std::byte> bytes(kWasmPageBytes);
  for (std::size_t i = 0; i < pages; ++i)
    bytes[i * kPageBytes] = std::byte{1};
  return memory::Image::freeze(bytes, nullptr);
}

TEST(HandlerCache, FindsInsertedHandler) {
  budget::UnlimitedLedger ledger;
  HandlerCache cache(1_MiB, ledger);
  EXPECT_EQ(cache.find("return 1"), nullptr);
  const auto made = cache.insert("return 1", image_of(1));
  EXPECT_EQ(cache.find("return 1"), made);
  EXPECT_EQ(cache.find("return 2"), nullptr);
  EXPECT_EQ(cache.stats().hits, 1U);
  EXPECT_EQ(cache.stats().misses, 2U);
  EXPECT_EQ(cache.stats().entries, 1U);
}

TEST(HandlerCache, KnownHandlerIsFoundWithoutSource) {
  budget::UnlimitedLedger ledger;
  const auto image = image_of(1);
  HandlerCache cache(2 * HandlerCache::bytes_of("a", *image), ledger);
  const auto a = cache.insert("a", image);
  Known known;
  EXPECT_EQ(cache.find("a", known), a);
  EXPECT_EQ(known.lock(), a);
  cache.insert("b", image);
  EXPECT_EQ(cache.find("not looked at", known), a);
  cache.insert("c", image);  // evicts b, because a has been used since
  EXPECT_EQ(cache.find("b"), nullptr);
  cache.insert("d", image);
  EXPECT_EQ(cache.find("a", known), nullptr);
  EXPECT_EQ(known.lock(), nullptr);
  const auto again = cache.insert("a", image);
  EXPECT_EQ(cache.find("a", known), again);
}

TEST(HandlerCache, FirstOfTwoLoadsWins) {
  budget::UnlimitedLedger ledger;
  HandlerCache cache(1_MiB, ledger);
  const auto first = cache.insert("return 1", image_of(1));
  EXPECT_EQ(cache.insert("return 1", image_of(2)), first);
  EXPECT_EQ(cache.stats().entries, 1U);
}

TEST(HandlerCache, EvictsLeastRecentlyUsedFirst) {
  budget::UnlimitedLedger ledger;
  const auto image = image_of(1);
  HandlerCache cache(3 * HandlerCache::bytes_of("a", *image), ledger);
  for (const char* source : {"a", "b", "c"})
    cache.insert(source, image);
  ASSERT_NE(cache.find("a"), nullptr);
  cache.insert("d", image);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  EXPECT_EQ(cache.stats().evictions, 1U);
}

TEST(HandlerCache, EvictedHandlerLivesForItsHolders) {
  budget::UnlimitedLedger ledger;
  const auto image = image_of(1);
  HandlerCache cache(HandlerCache::bytes_of("a", *image), ledger);
  const auto held = cache.insert("a", image);
  cache.insert("b", image);
  EXPECT_EQ(cache.find("a"), nullptr);
  EXPECT_EQ(held->source, "a");
  EXPECT_EQ(held->image, image);
}

TEST(HandlerCache, FillsExactlyToItsLimit) {
  budget::UnlimitedLedger ledger;
  const auto image = image_of(1);
  const std::uint64_t one = HandlerCache::bytes_of("a", *image);
  for (const std::uint64_t bound : {one - 1, one, one + 1}) {
    HandlerCache cache(bound, ledger);
    EXPECT_NE(cache.insert("a", image), nullptr);
    EXPECT_EQ(cache.find("a") != nullptr, bound >= one);
    EXPECT_LE(cache.stats().bytes, bound);
  }
}

TEST(HandlerCache, TooLargeEvictsNothing) {
  budget::UnlimitedLedger ledger;
  const auto small = image_of(1), large = image_of(16);
  HandlerCache cache(2 * HandlerCache::bytes_of("a", *small), ledger);
  cache.insert("a", small);
  EXPECT_NE(cache.insert("b", large), nullptr);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
}

TEST(HandlerCache, ReservationShrinksToActualImage) {
  budget::BoundedLedger ledger;
  const auto image = image_of(1);
  const std::uint64_t one = HandlerCache::bytes_of("a", *image), most = image->stored_bytes() + 100'000;
  HandlerCache cache(1_MiB, ledger);
  {
    auto held = cache.reserve("a", most);
    ASSERT_TRUE(held);
    EXPECT_EQ(held->bytes(), one + 100'000);
    cache.insert("a", image, *std::move(held));
  }
  EXPECT_EQ(ledger.granted(budget::Kind::kImages), one);
  ledger.set(one + 100'000 - 1, {}, {});
  EXPECT_TRUE(cache.reserve("b", most - one - 1).has_value()) << "in what is free";
  EXPECT_NE(cache.find("a"), nullptr);
  const auto refused = cache.reserve("b", most);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_EQ(cache.find("a"), nullptr) << "it has made room, though in vain";
  EXPECT_EQ(ledger.granted(budget::Kind::kImages), 0);
}

// The simple twin: a vector, most recently used first.
class NaiveCache {
 public:
  explicit NaiveCache(std::uint64_t bound) : bound_(bound) {}
  bool find(const std::string& source) {
    const auto found = std::ranges::find(entries_, source, &Entry::source);
    if (found == entries_.end()) return false;
    std::rotate(entries_.begin(), found, found + 1);
    return true;
  }
  void insert(const std::string& source, std::uint64_t bytes) {
    if (find(source) || bytes > bound_) return;
    entries_.insert(entries_.begin(), {source, bytes});
    while (this->bytes() > bound_)
      entries_.pop_back();
  }
  std::uint64_t bytes() const {
    std::uint64_t sum = 0;
    for (const Entry& entry : entries_)
      sum += entry.bytes;
    return sum;
  }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::string source;
    std::uint64_t bytes;
  };
  std::uint64_t bound_;
  std::vector<Entry> entries_;
};

TEST(HandlerCache, FuzzAgainstANaiveTwin) {
  budget::UnlimitedLedger ledger;
  const std::uint64_t steps = testing::from_environment("NEXUS_FUZZ_STEPS", 200'000);
  std::vector<std::shared_ptr<const memory::Image>> images;
  for (std::size_t pages = 0; pages < 16; ++pages)
    images.push_back(image_of(pages));
  constexpr std::uint64_t kBound = 200'000;
  HandlerCache cache(kBound, ledger);
  NaiveCache twin(kBound);
  std::mt19937 random(7);
  for (std::uint64_t step = 0; step < steps; ++step) {
    const auto n = random() % 40;
    const std::string source(n + 1, 'x');
    if (random() % 2 == 0) {
      ASSERT_EQ(cache.find(source) != nullptr, twin.find(source)) << "step " << step;
    } else {
      const auto& image = images[random() % images.size()];
      cache.insert(source, image);
      twin.insert(source, HandlerCache::bytes_of(source, *image));
    }
    ASSERT_EQ(cache.stats().bytes, twin.bytes()) << "step " << step;
    ASSERT_EQ(cache.stats().entries, twin.size()) << "step " << step;
    ASSERT_LE(cache.stats().bytes, kBound);
  }
}

}  // namespace
}  // namespace nexus::handlers
