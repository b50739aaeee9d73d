// The frozen memory of an interpreter: the start of each execution, and the target of each reset.
//
// Only the base image, an interpreter without a handler, stores pages. All others store their changes against the
// base, byte by byte (changes.h): a small handler changes 4 KB in 35 pages, so ten thousand handlers take 50 MB and
// not a gigabyte.
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

// The pages that executions of an image write to, learned by its instances and shared by them. Only a hint: a missing
// or superfluous page does no harm. Thread-safe.
class LearnedPages {
 public:
  explicit LearnedPages(std::size_t pages) : words_((pages + 63) / 64) {}
  void merge(const PageSet& pages);
  PageSet snapshot(std::size_t pages) const;

 private:
  std::vector<std::atomic<std::uint64_t>> words_;
};

// Immutable except `learned`; shared between threads.
class Image {
 public:
  // Copies `memory`, whose size is a multiple of kWasmPageBytes. `base` may be null. If `base` has a base itself,
  // that one is used.
  static std::shared_ptr<const Image> freeze(std::span<const std::byte> memory,
                                             std::shared_ptr<const Image> base);

  // freeze() in two steps, for callers that must know the cost first: the pages in which `memory` differs from the
  // base, and the most bytes that an image with these differences keeps.
  static PageSet differing_pages(std::span<const std::byte> memory, const Image& base);
  static std::size_t most_bytes(const PageSet& differing);
  static std::shared_ptr<const Image> freeze(std::span<const std::byte> memory,
                                             std::shared_ptr<const Image> base, PageSet differing);

  // Rebuilds the image of `pages` pages from its changes() over the same base. Checks each page, offset and length;
  // null if `changes` is not from changes().
  static std::shared_ptr<const Image> from_changes(std::size_t pages, std::span<const std::byte> changes,
                                                   std::shared_ptr<const Image> base);

  std::size_t size_bytes() const { return own_.pages() * kPageBytes; }
  std::size_t pages() const { return own_.pages(); }

  // The image as the base's pages plus changes. put_changes() writes the changes of the own pages in `where`.
  // REQUIRES: `memory` holds the base's content in these pages.
  const Pages& base_pages() const { return base_ != nullptr ? *base_->unfolded_ : *unfolded_; }
  bool is_changes() const { return base_ != nullptr; }
  bool has_same_base(const Image& other) const { return &base_pages() == &other.base_pages(); }
  const PageSet& own() const { return own_; }  // pages that differ from the base; empty for the base itself
  void put_changes(std::byte* memory, const PageSet& where) const;
  std::span<const std::byte> changes() const { return changes_; }

  // The image as pages. An image with a base makes them on demand (10 us) and shares them while anyone holds them.
  // Charged to `ledger` unless it is null; null if the ledger refuses.
  std::shared_ptr<const Pages> unfold(budget::Ledger* ledger = nullptr) const;
  // The pages if anyone holds them, else null.
  std::shared_ptr<const Pages> unfolded() const;

  // Bytes kept for this image, without its base and without unfolded pages.
  std::size_t stored_bytes() const;

  // Equal for equal contents, on every machine (XXH3, 64 bits).
  std::uint64_t digest() const;
  // True if `memory` has the size and the bytes of this image.
  bool equals(std::span<const std::byte> memory) const;

  LearnedPages& learned() const { return learned_; }

  // The dictionary for compressing deltas of this image: the first one offered, while anyone holds it.
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
