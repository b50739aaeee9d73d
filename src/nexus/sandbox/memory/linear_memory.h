// One linear memory that we own: where it lies, how far it may grow, which image it holds, and how it becomes that image
// again after a call.
//
//    base            image size        size          limit                4 GiB       + guard
//     │ hot │ cold │ hot │ cold │ grown │ PROT_NONE     │ PROT_NONE         │ PROT_NONE │
//       RW     R     RW     R      RW
//
// A *hot* page is copied back at every reset, written or not. A *cold* page is write-protected: the first write to it
// faults once, the fault makes it hot (see write_faults.h), and what was learned is remembered with the image. Pages
// above the image are never tracked; they are dropped. Nothing here depends on what the guest says.
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

// Not thread-safe; one thread at a time. While the guest runs or the host writes into it, that thread holds a Running.
class LinearMemory {
 public:
  static constexpr std::size_t kMostPages = kReservationBytes / kPageBytes;

  // kOverloaded when no slot is free.
  static Result<std::unique_ptr<LinearMemory>> create(Arena& arena, budget::Ledger& ledger,
                                                      Tracking tracking);
  ~LinearMemory();
  LinearMemory(const LinearMemory&) = delete;
  LinearMemory& operator=(const LinearMemory&) = delete;

  std::byte* base() const { return base_; }
  std::size_t size() const { return size_; }
  std::span<std::byte> bytes() const { return {base_, size_}; }
  // The text at an offset that the guest names; nullopt when any of it is outside, whatever the numbers.
  std::optional<std::span<std::byte>> slice(std::uint32_t offset, std::uint32_t length) const;

  // ---- growth: the guest asks, the limit and the ledger answer ----
  void set_limit(std::size_t bytes) { limit_ = bytes; }
  bool grow_to(std::size_t bytes);
  const std::optional<LimitReached>& refusal() const {
    return refusal_;
  }  // of the first growth since the reset

  // ---- what is charged: pages of the image that are or may become resident, and all that has grown ----
  // Pays for growth before it happens; what is not used is given back at the reset. REQUIRES: of the same ledger.
  void prepay(budget::Grant&& grant) { grant_.absorb(std::move(grant)); }
  // Charges pages that have become hot since the last time. With an error they are charged all the same.
  Result<void> settle();
  std::size_t charged_bytes() const { return resident_pages_ * kPageBytes + (size_ - tracked_bytes_); }
  budget::Ledger& ledger() const { return *grant_.ledger(); }

  // ---- images ----
  // The kernel may have no mapping left for any of the three. Then the memory holds no image, and is to be given up.
  // Becomes `image`. REQUIRES: it holds none, or nothing has been written since the last reset().
  Result<void> take(std::shared_ptr<const Image> image);
  // Becomes the image that it holds again. Pages from `put_back_from` on hold it already. False: it cannot, or holds none.
  bool reset(std::size_t put_back_from = kMostPages);
  // Puts back what was before in the runs (changes.h) of a page of the image, for a reset() that need not copy it then.
  void put_back(std::size_t page, std::span<const std::byte> runs, const std::byte* before);
  // For a stretch that writes everywhere, such as loading a handler: no page is cold until the next take().
  Result<void> stop_tracking();
  bool is_pristine() const { return image_ != nullptr && image_->equals(bytes()); }
  const std::shared_ptr<const Image>& image() const { return image_; }

  const PageSet& hot() const { return hot_; }  // all that can differ from the image, but for what has grown
  std::size_t hot_pages() const { return hot_.count(); }
  std::uint64_t faults() const { return faults_; }
  Tracking tracking() const { return tracking_; }

  // Called with the address of a fault on this thread's running memory. True: the page is writable now.
  // Async-signal-safe.
  bool unprotect(const void* address) noexcept;

 private:
  LinearMemory(Arena& arena, std::size_t slot, budget::Grant grant, Tracking tracking);
  PageSet present_with(const Image& image) const;
  void count_resident();
  // False in each of these: the kernel has no mapping left.
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
      0;             // the image's, or those that were there when tracking stopped; the rest has grown
  PageSet present_;  // of them, those that have been written by us or by the guest
  std::size_t resident_pages_ = 0;
  std::uint64_t faults_charged_ = 0;
  std::shared_ptr<const Image> image_;
  std::shared_ptr<const Pages> pages_;  // of the image; null: it is put back from its base and its changes
  PageSet hot_;                         // pages of the image only
  PageSet healed_;                      // of them, those that became hot by a write since the image was taken
  PageSet written_;                     // of them, those seen to differ from the image after a call
  std::uint32_t resets_ = 0;            // since the image was taken, up to the last that looks
  // What reset() does first: the hot pages, neighbours that have neighbours as their source in one piece.
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

// While it lives, this thread runs the guest in `memory` or writes to it; faults elsewhere are our bugs. Nests.
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
