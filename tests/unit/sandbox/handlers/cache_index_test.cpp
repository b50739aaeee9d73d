#include "nexus/sandbox/handlers/cache_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace nexus::handlers {
namespace {

Digest name(std::uint64_t n) { return {0, n}; }

TEST(CacheIndex, CountsWholePages) {
  EXPECT_EQ(CacheIndex::charge_of(0), 0u);
  EXPECT_EQ(CacheIndex::charge_of(1), 4096u);
  EXPECT_EQ(CacheIndex::charge_of(4096), 4096u);
  EXPECT_EQ(CacheIndex::charge_of(4097), 8192u);
}

TEST(CacheIndex, LeastRecentlyUsedHasOldestTime) {
  CacheIndex index;
  EXPECT_FALSE(index.least_recently_used());
  index.put({name(1), 10, 100});
  index.put({name(2), 10, 50});
  index.put({name(3), 10, 200});
  EXPECT_EQ(index.least_recently_used()->name, name(2));
  index.put({name(2), 10, 300});  // used again
  EXPECT_EQ(index.least_recently_used()->name, name(1));
  index.remove(name(1));
  index.remove(name(1));
  EXPECT_EQ(index.least_recently_used()->name, name(3));
  EXPECT_EQ(index.files(), 2u);
}

TEST(CacheIndex, FuzzAgainstANaiveTwin) {
  CacheIndex index;
  std::vector<CachedFile> twin;
  std::mt19937 random(3);
  for (int step = 0; step < 20'000; ++step) {
    const Digest one = name(random() % 30);
    std::erase_if(twin, [&](const CachedFile& file) { return file.name == one; });
    if (random() % 3 == 0) {
      index.remove(one);
    } else {
      twin.push_back({one, random() % 20'000, static_cast<std::int64_t>(random() % 1000)});
      index.put(twin.back());
    }
    std::uint64_t bytes = 0;
    for (const CachedFile& file : twin)
      bytes += (file.bytes + 4095) / 4096 * 4096;
    ASSERT_EQ(index.bytes(), bytes);
    ASSERT_EQ(index.files(), twin.size());
    const auto oldest = std::ranges::min_element(twin, {}, &CachedFile::used_ms);
    ASSERT_EQ(index.least_recently_used().has_value(), oldest != twin.end());
    if (oldest != twin.end()) {
      ASSERT_EQ(index.least_recently_used()->used_ms, oldest->used_ms);
    }
  }
}

}  // namespace
}  // namespace nexus::handlers
