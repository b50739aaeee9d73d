#include "nexus/sandbox/memory/linear_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

#include "nexus/sandbox/memory/changes.h"

namespace nexus::memory {
namespace {

// Every run of hot pages is a separate mapping, and a process has 65,530 of them. Runs closer than this are joined.
constexpr std::size_t kMaxGapPages = 1;
constexpr std::size_t kMaxRuns = 24;
// The hot pages allowed beyond twice an image's known need before the rest is made cold again: about the difference
// of two small handlers, so that changing between them protects nothing.
constexpr std::size_t kSlackPages = 64;

// After a change of images more pages are hot than the calls write: the differences from the previous image. The
// first few calls show the written pages (a comparison of 0.05 us per page); the rest is made cold again if that is
// worth the system calls.
constexpr std::uint32_t kLookFrom = 4;
constexpr std::uint32_t kLookUntil = 12;
constexpr std::size_t kWorthDropping = 4;

// An image that is called repeatedly is copied back from pages. One that comes and goes is restored from its base and
// its changes: 1 us more per call, but the pages need not be made (10 us, 140 KB).
constexpr std::uint32_t kUnfoldAfter = 3;
static_assert(kUnfoldAfter < kLookFrom);

constexpr int kRetryAfterMs = 1000;

constinit thread_local LinearMemory* running = nullptr;

std::unexpected<Error> no_mapping_left(std::size_t bytes) {
  Error error{.code = ErrorCode::kOverloaded, .message = "the kernel has no mapping left for this memory"};
  error.limit = LimitReached{"container", "vm.max_map_count", 0, bytes};
  error.retry_after_ms = kRetryAfterMs;
  return std::unexpected(std::move(error));
}

}  // namespace

Running::Running(LinearMemory& memory) : outer_(running) { running = &memory; }
Running::~Running() { running = outer_; }
LinearMemory* Running::current() noexcept { return running; }

Result<std::unique_ptr<LinearMemory>> LinearMemory::create(Arena& arena, budget::Ledger& ledger,
                                                           Tracking tracking) {
  const auto slot = arena.take_slot();
  if (!slot) {
    Error error{.code = ErrorCode::kOverloaded, .message = "no room for another instance"};
    error.limit = LimitReached{"pool", "MAX_INSTANCES", arena.slots(), arena.slots() + 1};
    return std::unexpected(std::move(error));
  }
  return std::unique_ptr<LinearMemory>(
      new LinearMemory(arena, *slot, ledger.open(budget::Kind::kInstances), tracking));
}

LinearMemory::LinearMemory(Arena& arena, std::size_t slot, budget::Grant grant, Tracking tracking)
    : arena_(arena),
      base_(arena.slot_base(slot)),
      slot_(slot),
      tracking_(tracking),
      grant_(std::move(grant)) {
  arena_.set_owner(slot, this);
  arena_.tally().add(tracking_);
}

LinearMemory::~LinearMemory() {
  arena_.tally().remove(tracking_);
  arena_.set_owner(slot_, nullptr);
  arena_.give_back(slot_);
}

std::optional<std::span<std::byte>> LinearMemory::slice(std::uint32_t offset, std::uint32_t length) const {
  if (std::uint64_t{offset} + length > size_) return std::nullopt;
  return std::span(base_ + offset, length);
}

bool LinearMemory::protect(PageRun run, int protection) const noexcept {
  return mprotect(base_ + run.first * kPageBytes, run.count * kPageBytes, protection) == 0;
}

bool LinearMemory::grow_to(std::size_t bytes) {
  if (bytes <= size_) return true;
  if (bytes > limit_) {
    if (!refusal_) refusal_ = LimitReached{"handler", "memoryLimitBytes", limit_, bytes};
    return false;
  }
  // Without an image the instance is still being made.
  const auto need = tracked_bytes_ == 0 ? budget::Need::kStart : budget::Need::kGrowth;
  if (auto granted = grant_.grow_to(charged_bytes() + bytes - size_, need); !granted) {
    if (!refusal_)
      refusal_ = granted.error().limit.value_or(LimitReached{"budget", "MEMORY_BUDGET_MB", 0, bytes});
    return false;
  }
  if (!protect({size_ / kPageBytes, (bytes - size_) / kPageBytes}, PROT_READ | PROT_WRITE)) {
    if (!refusal_) refusal_ = LimitReached{"container", "vm.max_map_count", 0, bytes};
    grant_.shrink_to(charged_bytes());
    return false;
  }
  size_ = bytes;
  return true;
}

// Drops the pages and the protection of the tail in one call. False if the tail is still there; it must not reach the
// next tenant.
bool LinearMemory::shrink_to(std::size_t bytes) {
  if (bytes >= size_) return true;
  void* tail = mmap(base_ + bytes, size_ - bytes, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (tail == MAP_FAILED) return false;
  size_ = bytes;
  return true;
}

// The pages that are written once this memory holds `image`: more than the hot ones, because the others were copied
// once.
PageSet LinearMemory::present_with(const Image& image) const {
  if (image_ != nullptr && image.has_same_base(*image_)) {
    PageSet present = present_;
    const std::size_t before = present.pages();
    present.resize(image.pages());
    present.add_all(image_->own());
    present.add_all(image.own());
    if (image.pages() > before) present.add({before, image.pages() - before});
    return present;
  }
  PageSet present(image.pages());
  const Pages& base = image.base_pages();
  for (std::size_t page = 0; page < image.pages(); ++page) {
    if (base[page] != nullptr) present.add(page);
  }
  present.add_all(image.own());
  return present;
}

void LinearMemory::count_resident() {
  present_.add_all(hot_);
  resident_pages_ = present_.count();
  faults_charged_ = faults_;
}

Result<void> LinearMemory::settle() {
  if (faults_ == faults_charged_) return {};
  count_resident();
  auto granted = grant_.grow_to(charged_bytes(), budget::Need::kStart);
  if (!granted) grant_.set_to(charged_bytes());
  return granted;
}

// Plans the copies that make the pages of `where` equal `pages`, in as few pieces as possible.
void LinearMemory::plan_copies(const Pages& pages, const PageSet& where) {
  copies_.clear();
  for (const auto& run : where.runs()) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      std::byte* to = base_ + page * kPageBytes;
      const std::byte* from = pages[page];
      const bool goes_on = !copies_.empty() && copies_.back().to + copies_.back().bytes == to &&
                           (from == nullptr ? copies_.back().from == nullptr
                                            : copies_.back().from != nullptr &&
                                                  copies_.back().from + copies_.back().bytes == from);
      if (goes_on) {
        copies_.back().bytes += kPageBytes;
      } else {
        copies_.push_back({to, from, kPageBytes});
      }
    }
  }
}

// Carries out the copies of pages before `until_page`.
void LinearMemory::carry_out_copies(std::size_t until_page) const {
  const std::byte* const until = base_ + until_page * kPageBytes;
  for (const Copy& copy : copies_) {
    if (copy.to >= until) return;
    put(copy.to, copy.from, std::min(copy.bytes, static_cast<std::size_t>(until - copy.to)));
  }
}

void LinearMemory::plan_reset() {
  plan_copies(pages_ != nullptr ? *pages_ : image_->base_pages(), hot_);
  faults_seen_ = faults_;
}

// Takes the image from nothing: drops the previous content.
bool LinearMemory::start_over(const Image& image) {
  if (size_ != 0) madvise(base_, size_, MADV_DONTNEED);
  if (!protect({0, image.pages()}, PROT_READ | PROT_WRITE)) return false;
  size_ = image.size_bytes();
  const Pages& pages = image.base_pages();
  for (std::size_t page = 0; page < image.pages(); ++page) {
    if (pages[page] != nullptr) std::memcpy(base_ + page * kPageBytes, pages[page], kPageBytes);
  }
  image.put_changes(base_, image.own());
  return make_hot_what_is_known(image);
}

// Changes to an image of the same base: writes only pages that may differ. Hot pages stay hot, because similar
// handlers write to the same part of the heap, unless they are many more than this image needs.
bool LinearMemory::change_to(const Image& image) {
  if (!image.has_same_base(*image_)) return start_over(image);
  const std::size_t before = size_ / kPageBytes;
  PageSet next = hot_;
  next.resize(image.pages());
  next.add_all(image_->own());
  next.add_all(image.own());
  if (image.pages() > before) next.add({before, image.pages() - before});
  next.close_gaps(kMaxGapPages, kMaxRuns);
  size_ = image.size_bytes();
  for (const auto& run : next.runs()) {
    if (!hot_.contains_all(run) && !protect(run, PROT_READ | PROT_WRITE)) return start_over(image);
  }
  plan_copies(image.base_pages(), next);
  carry_out_copies();
  image.put_changes(base_, next);
  present_.add_all(next);
  hot_ = std::move(next);
  const std::size_t needs = image.learned().snapshot(image.pages()).count();
  const bool is_too_much = tracking_ == Tracking::kLearnHotPages && hot_.count() > 2 * needs + kSlackPages;
  return !is_too_much || make_hot_what_is_known(image);
}

// Called when the kernel has no mapping left. Async-signal-safe.
void LinearMemory::copy_everything() noexcept {
  arena_.tally().remove(tracking_);
  tracking_ = Tracking::kCopyEverything;
  arena_.tally().add(tracking_);
}

// Makes all pages cold except those that executions of this image are known to write. REQUIRES: all pages hold the
// image.
bool LinearMemory::make_hot_what_is_known(const Image& image) {
  if (tracking_ == Tracking::kLearnHotPages) {
    hot_ = image.learned().snapshot(image.pages());
    hot_.close_gaps(kMaxGapPages, kMaxRuns);
    bool split = protect({0, image.pages()}, PROT_READ);
    for (const auto& run : hot_.runs())
      split = split && protect(run, PROT_READ | PROT_WRITE);
    if (split) return true;
    copy_everything();
    if (!protect({0, image.pages()}, PROT_READ | PROT_WRITE)) return false;
  }
  hot_ = PageSet(image.pages());
  hot_.add(PageRun{0, image.pages()});
  return true;
}

Result<void> LinearMemory::take(std::shared_ptr<const Image> image) {
  assert(running != this);
  assert(image_ == nullptr || size_ == image_->size_bytes());
  if (image == image_) return {};
  PageSet present = present_with(*image);
  if (auto granted = grant_.grow_to(present.count() * kPageBytes, budget::Need::kStart); !granted)
    return granted;
  present_ = std::move(present);
  const bool is_done =
      shrink_to(image->size_bytes()) && (image_ == nullptr ? start_over(*image) : change_to(*image));
  if (!is_done) {
    image_ = nullptr;
    return no_mapping_left(image->size_bytes());
  }
  image_ = std::move(image);
  refusal_.reset();
  healed_ = PageSet(image_->pages());
  written_ = PageSet(image_->pages());
  resets_ = 0;
  pages_ = image_->unfolded();
  plan_reset();
  tracked_bytes_ = size_;
  count_resident();
  grant_.set_to(charged_bytes());
  return {};
}

void LinearMemory::look_at_what_was_written() {
  for (const auto& run : hot_.runs()) {
    for (std::size_t page = run.first; page < run.first + run.count; ++page) {
      if (!written_.contains(page) && !pages_->equals(page, base_ + page * kPageBytes)) written_.add(page);
    }
  }
}

// REQUIRES: the memory is pristine.
bool LinearMemory::drop_what_is_not_written() {
  image_->learned().merge(written_);
  PageSet needed = image_->learned().snapshot(image_->pages());
  needed.close_gaps(kMaxGapPages, kMaxRuns);
  if (needed.count() + kWorthDropping > hot_.count()) return true;
  if (!make_hot_what_is_known(*image_)) return false;
  plan_reset();
  return true;
}

void LinearMemory::put_back(std::size_t page, std::span<const std::byte> runs, const std::byte* before) {
  undo_runs(base_ + page * kPageBytes, runs, before);
  // look_at_what_was_written() does not see this page any more.
  if (resets_ >= kLookFrom && resets_ < kLookUntil) written_.add(page);
}

bool LinearMemory::reset(std::size_t put_back_from) {
  if (image_ == nullptr || !shrink_to(image_->size_bytes())) {
    image_ = nullptr;
    return false;
  }
  refusal_.reset();
  if (faults_ != faults_seen_) {
    plan_reset();
    image_->learned().merge(healed_);
    count_resident();
  }
  const bool is_settling = resets_ < kLookUntil;
  if (is_settling) ++resets_;
  const bool looks = is_settling && tracking_ == Tracking::kLearnHotPages && pages_ != nullptr;
  if (looks && resets_ > kLookFrom) look_at_what_was_written();
  carry_out_copies(put_back_from);
  if (pages_ == nullptr) image_->put_changes(base_, hot_);
  if (pages_ == nullptr && resets_ == kUnfoldAfter) {
    pages_ = image_->unfold(&ledger());
    if (pages_ != nullptr) plan_reset();
  }
  grant_.set_to(charged_bytes());  // memory in use is charged even if the ledger would refuse it
  return !looks || resets_ != kLookUntil || drop_what_is_not_written();
}

Result<void> LinearMemory::stop_tracking() {
  image_ = nullptr;
  pages_ = nullptr;
  if (!protect({0, size_ / kPageBytes}, PROT_READ | PROT_WRITE)) return no_mapping_left(size_);
  hot_ = PageSet(size_ / kPageBytes);
  hot_.add(PageRun{0, size_ / kPageBytes});
  tracked_bytes_ = size_;
  present_.resize(hot_.pages());
  count_resident();
  grant_.set_to(charged_bytes());
  return {};
}

bool LinearMemory::unprotect(const void* address) noexcept {
  const auto page = static_cast<std::size_t>(static_cast<const std::byte*>(address) - base_) / kPageBytes;
  if (page >= hot_.pages() || hot_.contains(page)) return false;
  PageRun run = hot_.merged_run(page, kMaxGapPages);
  for (std::size_t gap = 2 * kMaxGapPages; run.count == 1 && hot_.run_count() >= kMaxRuns; gap *= 2) {
    run = hot_.merged_run(page, gap);
  }
  if (!protect(run, PROT_READ | PROT_WRITE)) {
    // No mapping for another run. One run over the whole image always fits, because it merges the existing ones.
    run = {0, hot_.pages()};
    if (!protect(run, PROT_READ | PROT_WRITE)) return false;
    copy_everything();
  }
  hot_.add(run);
  healed_.add(page);
  ++faults_;
  return true;
}

}  // namespace nexus::memory
