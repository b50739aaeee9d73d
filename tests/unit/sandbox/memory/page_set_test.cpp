// PageSet compared with std::set.
#include "nexus/sandbox/memory/page_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "support/steps.h"

namespace nexus::memory {
namespace {

using Naive = std::set<std::size_t>;

std::vector<PageRun> naive_runs(const Naive& set) {
  std::vector<PageRun> runs;
  for (const std::size_t page : set) {
    if (!runs.empty() && runs.back().first + runs.back().count == page) {
      ++runs.back().count;
    } else {
      runs.push_back({page, 1});
    }
  }
  return runs;
}

// Extends the run step by step from the page, over gaps of at most max_gap.
PageRun naive_merged_run(const Naive& set, std::size_t page, std::size_t max_gap) {
  std::size_t first = page, last = page;
  for (auto below = Naive::const_reverse_iterator(set.lower_bound(page)); below != set.rend(); ++below) {
    if (first - *below > max_gap + 1) break;
    first = *below;
  }
  for (auto above = set.upper_bound(page); above != set.end(); ++above) {
    if (*above - last > max_gap + 1) break;
    last = *above;
  }
  return {first, last - first + 1};
}

// Repeatedly closes the narrowest gap, the lowest of equals.
std::size_t pages_to_fill(Naive set, std::size_t max_gap, std::size_t max_runs) {
  std::size_t filled = 0;
  for (;;) {
    const auto runs = naive_runs(set);
    std::size_t narrowest = SIZE_MAX, at = 0;
    for (std::size_t i = 1; i < runs.size(); ++i) {
      const std::size_t gap = runs[i].first - runs[i - 1].first - runs[i - 1].count;
      if (gap < narrowest) narrowest = gap, at = runs[i].first - gap;
    }
    if (narrowest == SIZE_MAX || (narrowest > max_gap && runs.size() <= max_runs)) return filled;
    for (std::size_t i = 0; i < narrowest; ++i)
      set.insert(at + i);
    filled += narrowest;
  }
}

void expect_same(const PageSet& set, const Naive& naive) {
  ASSERT_EQ(set.count(), naive.size());
  for (std::size_t page = 0; page < set.pages() + 70; ++page)
    ASSERT_EQ(set.contains(page), naive.contains(page)) << page;
  ASSERT_EQ(set.runs(), naive_runs(naive));
  ASSERT_EQ(set.run_count(), naive_runs(naive).size());
}

TEST(PageSet, FuzzAgainstStdSet) {
  std::mt19937_64 random(1);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (std::uint64_t n = 0; n < testing::steps(20'000) && !::testing::Test::HasFatalFailure(); ++n) {
    std::size_t pages = 1 + below(300);
    PageSet set(pages);
    Naive naive;
    for (std::size_t k = below(12); k > 0; --k) {
      const std::size_t first = below(pages),
                        count = 1 + below(std::min<std::size_t>(pages - first, 1 + below(70)));
      set.add(PageRun{first, count});
      for (std::size_t i = 0; i < count; ++i)
        naive.insert(first + i);
    }
    expect_same(set, naive);

    const std::size_t page = below(pages), gap = below(8);
    ASSERT_EQ(set.merged_run(page, gap), naive_merged_run(naive, page, gap));
    const PageRun some{below(pages), below(9)};
    bool all = true;
    for (std::size_t i = 0; i < some.count; ++i)
      all = all && naive.contains(some.first + i);
    ASSERT_EQ(set.contains_all(some), all);

    const std::size_t max_runs = 1 + below(6);
    PageSet closed = set;
    closed.close_gaps(gap, max_runs);
    ASSERT_EQ(closed.count(), set.count() + pages_to_fill(naive, gap, max_runs));
    ASSERT_LE(closed.run_count(), max_runs);
    for (const std::size_t member : naive)
      ASSERT_TRUE(closed.contains(member));
    for (const auto& run : closed.runs())
      ASSERT_TRUE(set.contains(run.first) && set.contains(run.first + run.count - 1));

    pages = 1 + below(300);
    set.resize(pages);
    naive.erase(naive.lower_bound(pages), naive.end());
    expect_same(set, naive);
    set.resize(300);  // pages that were cut off do not come back
    expect_same(set, naive);
    set.clear();
    expect_same(set, {});
  }
}

TEST(PageSet, MergedRunStopsAtBothEnds) {
  PageSet set(130);
  set.add(0);
  set.add(129);
  EXPECT_EQ(set.merged_run(1, 0), (PageRun{0, 2}));
  EXPECT_EQ(set.merged_run(128, 500), (PageRun{0, 130}));
  EXPECT_EQ(set.merged_run(64, 63), (PageRun{0, 65}));
  EXPECT_EQ(set.merged_run(64, 62), (PageRun{64, 1}));
}

TEST(PageSet, RunAcrossWordsIsOneRun) {
  PageSet set(256);
  set.add(PageRun{60, 140});
  EXPECT_EQ(set.run_count(), 1U);
  EXPECT_EQ(set.runs(), (std::vector<PageRun>{{60, 140}}));
}

TEST(PageSet, OfNoPagesIsEmpty) {
  PageSet set;
  EXPECT_FALSE(set.contains(0));
  EXPECT_EQ(set.runs(), std::vector<PageRun>{});
  set.close_gaps(2, 1);
  EXPECT_EQ(set.count(), 0U);
}

}  // namespace
}  // namespace nexus::memory
