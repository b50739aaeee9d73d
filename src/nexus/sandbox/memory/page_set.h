// A set of pages as a bitmap, and its runs. Functions marked async-signal-safe neither allocate nor lock.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace nexus::memory {

struct PageRun {
  std::size_t first;
  std::size_t count;
  bool operator==(const PageRun&) const = default;
};

class PageSet {
 public:
  explicit PageSet(std::size_t pages = 0) : words_((pages + 63) / 64), pages_(pages) {}

  std::size_t pages() const { return pages_; }
  bool contains(std::size_t page) const {  // async-signal-safe
    return page < pages_ && (words_[page / 64] >> (page % 64) & 1) != 0;
  }
  bool contains_all(PageRun run) const {
    for (std::size_t i = 0; i < run.count; ++i) {
      if (!contains(run.first + i)) return false;
    }
    return true;
  }
  void add(std::size_t page) { words_[page / 64] |= std::uint64_t{1} << (page % 64); }  // async-signal-safe
  void add(PageRun run) {                                                               // async-signal-safe
    for (std::size_t i = 0; i < run.count; ++i)
      add(run.first + i);
  }
  void add_all(const PageSet& other);  // pages beyond this set are ignored
  void clear() { words_.assign(words_.size(), 0); }
  void resize(std::size_t pages);  // forgets pages beyond the new size

  std::size_t count() const;
  std::size_t run_count() const;  // async-signal-safe
  std::vector<PageRun> runs() const;

  // The run of `page` after filling gaps of at most `max_gap` pages next to it. Async-signal-safe.
  PageRun merged_run(std::size_t page, std::size_t max_gap) const;

  // Fills gaps of at most `max_gap` pages, then the narrowest ones until at most `max_runs` runs are left.
  // REQUIRES: max_runs > 0.
  void close_gaps(std::size_t max_gap, std::size_t max_runs);

  const std::vector<std::uint64_t>& words() const { return words_; }

 private:
  std::vector<std::uint64_t> words_;
  std::size_t pages_;
};

}  // namespace nexus::memory
