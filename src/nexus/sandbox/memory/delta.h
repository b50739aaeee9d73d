// What an execution has changed so far: what its memory differs in from its image, and its size. Applied to a memory that
// holds the same image, in whatever instance, it gives equal bytes.
//
//   memory     │ dead │ =image │ changed │ =image │ changed │ grown: written │ grown: zeros │
//                                  │                  │             │
//   raw        │ changes in the image, byte by byte (changes.h) ... ascending │ ... │
//   compressed │ the same with zstd against the first that was compressed of the same image │ ... │
//              └ a part: 256 KiB at most, whole pages; each is granted before it is kept, and compressed by itself ┘
//
// Those who wait in the same place of the same handler differ in a few hundred bytes, so that is what one of them costs.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/memory/image.h"
#include "nexus/sandbox/memory/linear_memory.h"
#include "nexus/sandbox/memory/page_set.h"
#include "nexus/sandbox/memory/pages.h"

namespace nexus::memory {

// Keeps its image alive, without which it means nothing. Not thread-safe.
class Delta {
 public:
  // Makes a memory as large as the one that it was taken from, for its parts. kInternalError when `memory` holds another image,
  // or what refused the growth: nothing has changed. The engine must be told of the new size afterwards.
  // REQUIRES: `memory` is pristine and its limit set; nothing runs in it until the last part is in.
  Result<void> make_room_in(LinearMemory& memory) const;
  // kOverloaded when the pages that it writes were refused, or there is no memory to decompress it: reset() puts them back. What it
  // needs for itself meanwhile is no more than a part.
  Result<void> restore_part(LinearMemory& memory, std::size_t part) const;
  std::size_t parts() const { return parts_.size(); }

  // Compresses the next part, unless that would not make it smaller, and gives how many bytes it looked at: 0 when there are no
  // more. About half a millisecond for a whole part. One that is compressed, or half of it, is applied as well, more slowly.
  std::size_t compress_some();
  void compress() {
    while (compress_some() > 0) {
    }
  }
  bool is_compressed() const { return compressed_parts_ == parts_.size(); }  // as far as it can be

  std::size_t memory_bytes() const { return size_; }    // of the memory that it was taken from
  std::size_t pages() const { return pages_; }          // that differ
  std::size_t bytes() const { return grant_.bytes(); }  // what it keeps for itself, its image excluded

 private:
  friend class DeltaCapture;

  struct Part {
    std::unique_ptr<std::byte[]> bytes;
    std::uint32_t size = 0;
    bool is_compressed = false;
    std::span<const std::byte> all() const { return {bytes.get(), size}; }
  };
  static Part part_of(std::span<const std::byte> bytes);

  Delta(std::shared_ptr<const Image> image, std::size_t size, budget::Grant grant)
      : image_(std::move(image)), size_(size), grant_(std::move(grant)) {}
  Result<void> keep(std::vector<std::byte>& changes);
  std::span<const std::byte> changes_of(const Part& part) const;

  std::shared_ptr<const Image> image_;
  std::size_t size_;
  std::uint32_t pages_ = 0;
  std::uint32_t compressed_parts_ = 0;  // the first ones, those included that could not be made smaller
  boost::container::small_vector<Part, 1> parts_;  // small handlers have one
  std::shared_ptr<const Bytes> like_;              // what they are compressed against
  budget::Grant grant_;
};

// Takes a delta, some of it in each turn: a page of a large one is 2 to 9 us, and most of that the kernel's for the copy. Outlived
// by the memory, in which nothing runs meanwhile.
class DeltaCapture {
 public:
  // Looks at hot and grown pages only, as no other can differ, and of these not at the first `dead_pages`: they come back as
  // the image has them. Charged as kSuspended; an error when the ledger refuses. REQUIRES: `memory` holds an image.
  static Result<DeltaCapture> begin(LinearMemory& memory, std::size_t dead_pages, budget::Ledger& ledger);
  // Looks at the next pages until a part is full, at 4 MiB at most. False: there are no more.
  Result<bool> go_on();
  // REQUIRES, of both: there are no more.
  // For reset(): from which page on what was taken has been put back. A few bytes of a page are written, not all of it.
  std::size_t put_back_from() const { return dead_pages_; }
  Delta finish() && { return std::move(delta_); }

 private:
  DeltaCapture(LinearMemory& memory, std::size_t dead_pages, Delta delta);

  LinearMemory& memory_;
  std::size_t dead_pages_;
  std::shared_ptr<const Pages> before_;
  std::vector<PageRun> left_;  // what has not been looked at, the last first
  Delta delta_;
};

}  // namespace nexus::memory
