#include "nexus/sandbox/memory/page_set.h"

#include <algorithm>

namespace nexus::memory {

void PageSet::resize(std::size_t pages) {
  words_.resize((pages + 63) / 64);
  if (pages % 64 != 0 && pages < pages_) words_.back() &= (std::uint64_t{1} << (pages % 64)) - 1;
  pages_ = pages;
}

void PageSet::add_all(const PageSet& other) {
  const std::size_t shared = std::min(words_.size(), other.words_.size());
  for (std::size_t i = 0; i < shared; ++i)
    words_[i] |= other.words_[i];
  if (shared > 0 && pages_ % 64 != 0 && shared == words_.size())
    words_.back() &= (std::uint64_t{1} << (pages_ % 64)) - 1;
}

std::size_t PageSet::count() const {
  std::size_t n = 0;
  for (const std::uint64_t word : words_)
    n += static_cast<std::size_t>(std::popcount(word));
  return n;
}

std::size_t PageSet::run_count() const {
  // A run starts at every set bit whose lower neighbour is clear.
  std::size_t n = 0;
  std::uint64_t carry = 0;
  for (const std::uint64_t word : words_) {
    n += static_cast<std::size_t>(std::popcount(word & ~(word << 1 | carry)));
    carry = word >> 63;
  }
  return n;
}

std::vector<PageRun> PageSet::runs() const {
  std::vector<PageRun> runs;
  for (std::size_t page = 0; page < pages_;) {
    const std::uint64_t rest = words_[page / 64] >> (page % 64);
    if (rest == 0) {
      page = (page / 64 + 1) * 64;
      continue;
    }
    page += static_cast<std::size_t>(std::countr_zero(rest));
    const std::size_t first = page;
    while (contains(page))
      ++page;
    runs.push_back({first, page - first});
  }
  return runs;
}

PageRun PageSet::merged_run(std::size_t page, std::size_t max_gap) const {
  std::size_t first = page;
  for (std::size_t gap = 0; first > 0 && gap <= max_gap;) {
    const std::size_t below = first - 1 - gap;
    if (contains(below)) {
      first = below;
      gap = 0;
    } else if (below == 0) {
      break;
    } else {
      ++gap;
    }
  }
  std::size_t last = page;
  for (std::size_t gap = 0; gap <= max_gap;) {
    const std::size_t above = last + 1 + gap;
    if (above >= pages_) break;
    if (contains(above)) {
      last = above;
      gap = 0;
    } else {
      ++gap;
    }
  }
  return {first, last - first + 1};
}

void PageSet::close_gaps(std::size_t max_gap, std::size_t max_runs) {
  const std::vector<PageRun> all = runs();
  std::vector<PageRun> gaps;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const std::size_t end = all[i - 1].first + all[i - 1].count;
    gaps.push_back({end, all[i].first - end});
  }
  const std::size_t too_many = all.size() > max_runs ? all.size() - max_runs : 0;
  if (too_many > 0)
    std::ranges::nth_element(gaps, gaps.begin() + static_cast<std::ptrdiff_t>(too_many) - 1, {},
                             &PageRun::count);
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    if (i < too_many || gaps[i].count <= max_gap) add(gaps[i]);
  }
}

}  // namespace nexus::memory
