// What an execution has changed so far: the pages by which a memory differs from its image, and its size. Applied to a
// memory that holds the same image, in whatever instance, it gives equal bytes.
//
//   memory     │ =image │ changed │ =image │ changed │ grown: written │ grown: zeros │
//                            │                  │             │
//   pages_     │             1                  3             4                          ascending
//   contents_  │ 4096 bytes      │ 4096 bytes      │ 4096 bytes      │                   in the same order, contiguous
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "nexus/base/error.h"
#include "nexus/memory/image.h"
#include "nexus/memory/linear_memory.h"

namespace nexus::memory {

// Immutable. Keeps its image alive, without which it means nothing.
class Delta {
 public:
  // Looks at hot and grown pages only, as no other can differ. REQUIRES: `memory` holds an image; nothing runs in it.
  static Delta take(const LinearMemory& memory);

  // kInternalError when `memory` holds another image, or what refused the growth: nothing has changed. Or kOverloaded when
  // the pages that it writes were refused: reset() puts them back. The engine must be told of the new size afterwards. REQUIRES: `memory` is pristine and its limit set;
  // nothing runs in it.
  Result<void> apply_to(LinearMemory& memory) const;

  std::size_t memory_bytes() const { return size_; }  // of the memory that it was taken from
  std::size_t pages() const { return pages_.size(); }
  // What it keeps for itself, its image excluded.
  std::size_t bytes() const;

 private:
  Delta(std::shared_ptr<const Image> image, std::size_t size) : image_(std::move(image)), size_(size) {}

  std::shared_ptr<const Image> image_;
  std::size_t size_;
  std::vector<std::uint32_t> pages_;
  std::vector<std::byte> contents_;
};

}  // namespace nexus::memory
