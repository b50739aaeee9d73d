// The changes of an execution so far: the differences of its memory from its image, and its size. Applied to any
// memory with the same image, a delta reproduces the bytes.
//
//   memory     │ dead │ =image │ changed │ =image │ changed │ grown: written │ grown: zeros │
//                                  │                  │             │
//   raw        │ changes in the image, byte by byte (changes.h) ... ascending │ ... │
//   compressed │ the same, with zstd against the first compressed delta of the same image │ ... │
//              └ a part: 256 KiB at most, whole pages; each is granted before it is kept, and compressed by itself ┘
//
// Executions that wait at the same place of the same handler differ in a few hundred bytes; each costs only these.
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

// Keeps its image alive. Not thread-safe.
class Delta {
 public:
  // Grows `memory` to the captured size, before the parts are restored. kInternalError if `memory` holds another image,
  // or the error of the refused growth; then nothing has changed. The engine must be told of the new size. REQUIRES:
  // `memory` is pristine and its limit is set; nothing runs in it until the last part is restored.
  Result<void> make_room_in(LinearMemory& memory) const;
  // Restores one part. kOverloaded if its pages are refused, or there is no memory to decompress it; reset() then
  // restores the image. Needs temporary memory for at most one part.
  Result<void> restore_part(LinearMemory& memory, std::size_t part) const;
  std::size_t parts() const { return parts_.size(); }

  // Compresses the next part unless that would not make it smaller; returns the bytes it looked at, 0 if no part is
  // left. About half a millisecond for a whole part. A compressed or half-compressed delta can be restored too, more
  // slowly.
  std::size_t compress_some();
  void compress() {
    while (compress_some() > 0) {
    }
  }
  bool is_compressed() const { return compressed_parts_ == parts_.size(); }  // as far as compression helps

  std::size_t memory_bytes() const { return size_; }    // of the captured memory
  std::size_t pages() const { return pages_; }          // pages that differ
  std::size_t bytes() const { return grant_.bytes(); }  // kept for itself, without its image

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
  std::uint32_t compressed_parts_ = 0;  // a prefix of parts_, including parts that compression did not shrink
  boost::container::small_vector<Part, 1> parts_;  // small handlers have one
  std::shared_ptr<const Bytes> like_;              // the dictionary of the compressed parts
  budget::Grant grant_;
};

// Captures a delta in steps: a page of a large one takes 2 to 9 us, mostly the kernel's for the copy. The memory must
// outlive it, and nothing may run in the memory meanwhile.
class DeltaCapture {
 public:
  // Looks only at hot and grown pages, because no others can differ, and skips the first `dead_pages`: they are
  // restored as in the image. Charged as kSuspended; fails if the ledger refuses. REQUIRES: `memory` holds an image.
  static Result<DeltaCapture> begin(LinearMemory& memory, std::size_t dead_pages, budget::Ledger& ledger);
  // Captures further pages until a part is full, looking at no more than 4 MiB. False if no page is left.
  Result<bool> go_on();
  // REQUIRES, for the next two: no page is left.
  // For reset(): captured pages from this page on hold their image again; only their changed bytes were written.
  std::size_t put_back_from() const { return dead_pages_; }
  Delta finish() && { return std::move(delta_); }

 private:
  DeltaCapture(LinearMemory& memory, std::size_t dead_pages, Delta delta);

  LinearMemory& memory_;
  std::size_t dead_pages_;
  std::shared_ptr<const Pages> before_;
  std::vector<PageRun> left_;  // pages not looked at yet, the last first
  Delta delta_;
};

}  // namespace nexus::memory
