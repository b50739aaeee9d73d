// The frozen memory of an interpreter: what an instance starts from, and what it is put back to.
//
//   page table   ─┬─► null            a page of zeros: nothing is kept for it
//                 ├─► base's page     equal to the base image: shared with it
//                 └─► own page        kept in this image
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nexus/base/units.h"
#include "nexus/memory/page_set.h"

namespace nexus::memory {

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
  // Copies `memory`, whose size is a multiple of kWasmPageBytes. `base` may be null.
  static std::shared_ptr<const Image> freeze(std::span<const std::byte> memory,
                                             std::shared_ptr<const Image> base);

  std::size_t size_bytes() const { return table_.size() * kPageBytes; }
  std::size_t pages() const { return table_.size(); }
  const std::byte* page(std::size_t index) const { return index < table_.size() ? table_[index] : nullptr; }

  // What this image keeps for itself, its page table included and its base excluded.
  std::size_t stored_bytes() const;
  std::size_t own_pages() const { return own_.size() / kPageBytes; }

  // Whether the kPageBytes at `bytes` are what this page starts as; pages above the image start as zeros.
  bool page_equals(std::size_t index, const std::byte* bytes) const;

  // Equal for equal contents, on every machine (XXH3, 64 bits).
  std::uint64_t digest() const;
  // Whether `memory` holds the same bytes in its first size_bytes(), and no more.
  bool equals(std::span<const std::byte> memory) const;

  LearnedPages& learned() const { return learned_; }

 private:
  Image(std::size_t pages, std::shared_ptr<const Image> base);
  std::shared_ptr<const Image> base_;
  std::vector<std::byte> own_;
  std::vector<const std::byte*> table_;
  mutable LearnedPages learned_;
};

}  // namespace nexus::memory
