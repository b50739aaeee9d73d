// One linear memory: its place, its limit, its image, and the way back to that image after a call.
//
//    base            image size        size          limit                4 GiB       + guard
//     │ hot │ cold │ hot │ cold │ grown │ PROT_NONE     │ PROT_NONE         │ PROT_NONE │
//       RW     R     RW     R      RW
//
// A *hot* page is copied back at every reset, written or not. A *cold* page is write-protected: the first write to it
// faults and makes it hot (see write_faults.h), and the image remembers the learned pages. Pages above the image are
// not tracked; a reset drops them. Nothing here depends on data from the guest.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/memory/arena.h"
#include "nexus/sandbox/memory/image.h"
#include "nexus/sandbox/memory/page_set.h"
#include "nexus/sandbox/memory/tracking.h"

namespace nexus::memory {

// Not thread-safe: one thread at a time. A thread holds a Running while the guest runs in it or the host writes to
// it.
class LinearMemory {
 public:
  static constexpr std::size_t kMostPages = kReservationBytes / kPageBytes;

  // kOverloaded if no slot is free.
  static Result<std::unique_ptr<LinearMemory>> create(Arena& arena, budget::Ledger& ledger,
                                                      Tracking tracking);
  ~LinearMemory();
  LinearMemory(const LinearMemory&) = delete;
  LinearMemory& operator=(const LinearMemory&) = delete;

  std::byte* base() const { return base_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() const { return {base_, size_}; }
  // The bytes at an offset that the guest names; nullopt if any of them is outside, whatever the numbers.
  std::optional<std::span<std::byte>> slice(std::uint32_t offset, std::uint32_t length) const;

  // ---- growth: requested by the guest, bounded by the limit and the ledger ----
  void set_limit(std::size_t bytes) { limit_ = bytes; }
  bool grow_to(std::size_t bytes);
  const std::optional<LimitReached>& refusal() const {
    return refusal_;
  }  // of the first growth since the reset

  // ---- charge: pages of the image that are or may become resident, and all grown pages ----
  // Adds a grant for growth in advance; the reset gives back the unused part. REQUIRES: `grant` is of the same
  // ledger.
  void prepay(budget::Grant&& grant) { grant_.absorb(std::move(grant)); }
  // Charges pages that have become hot since the last call. They are charged even if it returns an error.
  Result<void> settle();
  std::size_t charged_bytes() const { return resident_pages_ * kPageBytes + (size_ - tracked_bytes_); }
  budget::Ledger& ledger() const { return *grant_.ledger(); }

  // ---- images ----
  // The kernel may have no mapping for any of these three. The memory then holds no image and must be discarded.
  // Becomes `image`. REQUIRES: it holds no image, or nothing has been written since the last reset().
  Result<void> take(std::shared_ptr<const Image> image);
  // Restores its image. Pages from `put_back_from` on are restored already. False if that fails or it holds no image.
  bool reset(std::size_t put_back_from = kMostPages);
  // Restores the runs (changes.h) of a page from `before`, so that reset() need not copy the page.
  void put_back(std::size_t page, std::span<const std::byte> runs, const std::byte* before);
  // Makes all pages writable until the next take(), for work that writes everywhere, such as loading a handler.
  Result<void> stop_tracking();
  bool is_pristine() const { return image_ != nullptr && image_->equals(bytes()); }
  const std::shared_ptr<const Image>& image() const { return image_; }

  const PageSet& hot() const { return hot_; }  // all pages of the image that can differ from it
  std::size_t hot_pages() const { return hot_.count(); }
  std::uint64_t faults() const { return faults_; }
  Tracking tracking() const { return tracking_; }

  // Called for a fault at `address` in this thread's running memory. True if the page is writable now.
  // Async-signal-safe.
  bool unprotect(const void* address) noexcept;

 private:
  LinearMemory(Arena& arena, std::size_t slot, budget::Grant grant, Tracking tracking);
  PageSet present_with(const Image& image) const;
  void count_resident();
  // These return false if the kernel has no mapping left.
  bool shrink_to(std::size_t bytes);
  bool start_over(const Image& image);
  bool change_to(const Image& image);
  void copy_everything() noexcept;
  bool make_hot_what_is_known(const Image& image);
  bool drop_what_is_not_written();
  bool protect(PageRun run, int protection) const noexcept;
  void plan_copies(const Pages& pages, const PageSet& where);
  void carry_out_copies(std::size_t until_page = kMostPages) const;
  void plan_reset();
  void look_at_what_was_written();

  Arena& arena_;
  std::byte* base_;
  std::size_t slot_;
  std::size_t size_ = 0;
  std::size_t limit_ = 0;
  Tracking tracking_;
  budget::Grant grant_;
  std::size_t tracked_bytes_ =
      0;             // bytes of the image, or the size when tracking stopped; further bytes have grown
  PageSet present_;  // tracked pages that were written by us or by the guest
  std::size_t resident_pages_ = 0;
  std::uint64_t faults_charged_ = 0;
  std::shared_ptr<const Image> image_;
  std::shared_ptr<const Pages> pages_;  // pages of the image; null: restored from the base and the changes
  PageSet hot_;                         // only pages of the image
  PageSet healed_;                      // hot pages that became hot by a write since the image was taken
  PageSet written_;                     // hot pages that differed from the image after a call
  std::uint32_t resets_ = 0;            // since the image was taken, up to the last one that compares pages
  // The copies of a reset: hot pages, joined where both the pages and their sources are adjacent.
  struct Copy {
    std::byte* to;
    const std::byte* from;  // null: zeros
    std::size_t bytes;
  };
  std::vector<Copy> copies_;
  std::uint64_t faults_ = 0;
  std::uint64_t faults_seen_ = 0;
  std::optional<LimitReached> refusal_;
};

// While it exists, this thread runs the guest in `memory` or writes to it; a fault elsewhere is a bug of ours. Nests.
class Running {
 public:
  explicit Running(LinearMemory& memory);
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  static LinearMemory* current() noexcept;  // async-signal-safe

 private:
  LinearMemory* outer_;
};

}  // namespace nexus::memory
