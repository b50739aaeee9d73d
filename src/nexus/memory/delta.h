// What an execution has changed so far: what its memory differs in from its image, and its size. Applied to a memory that
// holds the same image, in whatever instance, it gives equal bytes.
//
//   memory     │ dead │ =image │ changed │ =image │ changed │ grown: written │ grown: zeros │
//                                  │                  │             │
//   raw        │ changes in the image, byte by byte (changes.h) ... ascending │
//   packed     │ the same, compressed with zstd against the first that was packed of the same image │
//
// Those who wait in the same place of the same handler differ in a few hundred bytes, so that is what one of them costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/budget/ledger.h"
#include "nexus/memory/image.h"
#include "nexus/memory/linear_memory.h"

namespace nexus::memory {

// Keeps its image alive, without which it means nothing. Not thread-safe.
class Delta {
 public:
  // Looks at hot and grown pages only, as no other can differ, and of these not at the first `dead_pages`: they come back as
  // the image has them. Charged as kSuspended; an error when the ledger refuses. REQUIRES: `memory` holds an image; nothing
  // runs in it.
  static Result<Delta> take(const LinearMemory& memory, std::size_t dead_pages, budget::Ledger& ledger);

  // kInternalError when `memory` holds another image, or what refused the growth: nothing has changed. Or kOverloaded when
  // the pages that it writes were refused: reset() puts them back. The engine must be told of the new size afterwards.
  // REQUIRES: `memory` is pristine and its limit set; nothing runs in it.
  Result<void> apply_to(LinearMemory& memory) const;

  // Compresses it, unless that would not make it smaller; a packed one is applied as well, more slowly.
  void pack();
  bool is_packed() const { return is_packed_; }

  std::size_t memory_bytes() const { return size_; }    // of the memory that it was taken from
  std::size_t pages() const { return pages_; }          // that differ
  std::size_t bytes() const { return grant_.bytes(); }  // what it keeps for itself, its image excluded

 private:
  Delta(std::shared_ptr<const Image> image, std::size_t size) : image_(std::move(image)), size_(size) {}

  std::shared_ptr<const Image> image_;
  std::size_t size_;
  std::uint32_t pages_ = 0;
  bool is_packed_ = false;
  std::vector<std::byte> changes_;
  std::shared_ptr<const Bytes> like_;  // what it is packed against
  budget::Grant grant_;
};

}  // namespace nexus::memory
