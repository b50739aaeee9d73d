// The frozen memory of an interpreter: what an instance starts from, and what it is put back to.
//
// One image keeps its pages: the base, an interpreter with no handler in it. All others keep what they change in the base,
// byte by byte (changes.h): a small handler changes 4 KB in 35 pages, so that ten thousand of them are 50 MB and not a
// gigabyte.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "nexus/foundation/base/units.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/memory/page_set.h"
#include "nexus/sandbox/memory/pages.h"

namespace nexus::memory {

using Bytes = std::vector<std::byte>;

// The pages that executions of an image write to, as its instances have found out; shared by all of them. A hint: it
// may be incomplete or too large without harm. Thread-safe.
class LearnedPages {
 public:
  explicit LearnedPages(std::size_t pages) : words_((pages + 63) / 64) {}
  void merge(const PageSet& pages);
  PageSet snapshot(std::size_t pages) const;

 private:
  std::vector<std::atomic<std::uint64_t>> words_;
};

// Immutable but for what is learned; shared between threads.
class Image {
 public:
  // Copies `memory`, whose size is a multiple of kWasmPageBytes. `base` may be null; the base of an image that has one is
  // that one.
  static std::shared_ptr<const Image> freeze(std::span<const std::byte> memory,
                                             std::shared_ptr<const Image> base);

  // The same in two steps, for who has to know what it takes first: the pages in which `memory` differs from the base, and what
  // an image that changes those keeps at most.
  static PageSet differing_pages(std::span<const std::byte> memory, const Image& base);
  static std::size_t most_bytes(const PageSet& differing);
  static std::shared_ptr<const Image> freeze(std::span<const std::byte> memory,
                                             std::shared_ptr<const Image> base, PageSet differing);

  // The image of `pages` that `changes` were of, over the same base. Null when they are not what changes() gives: each page,
  // offset and length is looked at first.
  static std::shared_ptr<const Image> from_changes(std::size_t pages, std::span<const std::byte> changes,
                                                   std::shared_ptr<const Image> base);

  std::size_t size_bytes() const { return own_.pages() * kPageBytes; }
  std::size_t pages() const { return own_.pages(); }

  // The image as changes in its base: those pages of the base, with the changes to those among `where` put in. `memory`
  // holds the base's content in the own pages that are among `where`.
  const Pages& base_pages() const { return base_ != nullptr ? *base_->unfolded_ : *unfolded_; }
  bool is_changes() const { return base_ != nullptr; }
  bool has_same_base(const Image& other) const { return &base_pages() == &other.base_pages(); }
  const PageSet& own() const { return own_; }  // all that are not as in the base; none of the base itself
  void put_changes(std::byte* memory, const PageSet& where) const;
  std::span<const std::byte> changes() const { return changes_; }

  // The image as pages. Those of an image with a base are made when they are asked for (10 us), and shared by all who
  // have them at the time. Charged to the ledger, if there is one; null when it refuses.
  std::shared_ptr<const Pages> unfold(budget::Ledger* ledger = nullptr) const;
  // The same, but only if somebody has them.
  std::shared_ptr<const Pages> unfolded() const;

  // What this image keeps for itself; without its base and without pages that somebody has unfolded.
  std::size_t stored_bytes() const;

  // Equal for equal contents, on every machine (XXH3, 64 bits).
  std::uint64_t digest() const;
  // Whether `memory` holds the same bytes in its first size_bytes(), and no more.
  bool equals(std::span<const std::byte> memory) const;

  LearnedPages& learned() const { return learned_; }

  // What deltas of this image look like, to be compressed against: the first that is offered, for as long as somebody has it.
  std::shared_ptr<const Bytes> typical_changes(std::span<const std::byte> offered) const;

 private:
  Image(PageSet own, std::shared_ptr<const Image> base);
  template <class Look>
  bool all_pages(Look look) const;

  std::shared_ptr<const Image> base_;
  std::shared_ptr<const Pages> unfolded_;  // of an image without a base
  PageSet own_;
  std::vector<std::byte> changes_;
  mutable LearnedPages learned_;
  mutable std::mutex mutex_;
  mutable std::weak_ptr<const Pages> shared_;
  mutable std::weak_ptr<const Bytes> typical_;
};

}  // namespace nexus::memory
