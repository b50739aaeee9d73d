#include "nexus/memory/linear_memory.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>

namespace nexus::memory {
namespace {

// Every run of hot pages is a mapping of its own, and a process may have 65,530 of them. Runs closer than this are one.
constexpr std::size_t kMaxGapPages = 2;
constexpr std::size_t kMaxRuns = 24;

constinit thread_local LinearMemory* running = nullptr;

}  // namespace

Running::Running(LinearMemory& memory) : outer_(running) { running = &memory; }
Running::~Running() { running = outer_; }
LinearMemory* Running::current() noexcept { return running; }

Result<std::unique_ptr<LinearMemory>> LinearMemory::create(Arena& arena, budget::Ledger& ledger, Tracking tracking) {
  NEXUS_TRY(auto grant, ledger.grant(budget::Kind::kInstances, 0));
  const auto slot = arena.take_slot();
  if (!slot) {
    Error error{.code = ErrorCode::kOverloaded, .message = "no room for another instance"};
    error.limit = LimitReached{"pool", "MAX_INSTANCES", arena.slots(), arena.slots() + 1};
    return std::unexpected(std::move(error));
  }
  return std::unique_ptr<LinearMemory>(new LinearMemory(arena, *slot, std::move(grant), tracking));
}

LinearMemory::LinearMemory(Arena& arena, std::size_t slot, budget::Grant grant, Tracking tracking)
    : arena_(arena), base_(arena.slot_base(slot)), slot_(slot), tracking_(tracking), grant_(std::move(grant)) {
  arena_.set_owner(slot, this);
}

LinearMemory::~LinearMemory() {
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
  if (auto granted = grant_.grow_by(bytes - size_); !granted) {
    if (!refusal_) refusal_ = granted.error().limit.value_or(LimitReached{"budget", "MEMORY_BUDGET_MB", 0, bytes});
    return false;
  }
  if (!protect({size_ / kPageBytes, (bytes - size_) / kPageBytes}, PROT_READ | PROT_WRITE)) {
    if (!refusal_) refusal_ = LimitReached{"container", "vm.max_map_count", 0, bytes};
    grant_.shrink_to(size_);
    return false;
  }
  size_ = bytes;
  return true;
}

// The tail is dropped: pages and protection in one call.
void LinearMemory::shrink_to(std::size_t bytes) {
  if (bytes >= size_) return;
  void* tail = mmap(base_ + bytes, size_ - bytes, PROT_NONE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (tail == MAP_FAILED) std::abort();  // what is there now must not reach the next tenant
  grant_.shrink_to(bytes);
  size_ = bytes;
}

void LinearMemory::copy_page(std::size_t page, const std::byte* source) {
  std::byte* target = base_ + page * kPageBytes;
  if (source != nullptr) {
    std::memcpy(target, source, kPageBytes);
  } else {
    std::memset(target, 0, kPageBytes);
  }
}

void LinearMemory::rebuild_runs() {
  runs_ = hot_.runs();
  faults_seen_ = faults_;
}

// From nothing: whatever was there is dropped, and hot are the pages that others have found to be.
void LinearMemory::start_over(const Image& image) {
  const std::size_t bytes = image.size_bytes();
  if (size_ != 0) madvise(base_, size_, MADV_DONTNEED);
  const bool writable = protect({0, image.pages()}, PROT_READ | PROT_WRITE);
  if (!writable) std::abort();  // one mapping for the whole: cannot fail but for our own mistake
  size_ = bytes;
  for (std::size_t page = 0; page < image.pages(); ++page) {
    if (image.page(page) != nullptr) copy_page(page, image.page(page));
  }
  if (tracking_ == Tracking::kLearnHotPages) {
    hot_ = image.learned().snapshot(image.pages());
    for (auto merged = hot_.runs(); const auto& run : merged) hot_.add(hot_.merged_run(run.first, kMaxGapPages));
    bool split = protect({0, image.pages()}, PROT_READ);
    for (const auto& run : hot_.runs()) split = split && protect(run, PROT_READ | PROT_WRITE);
    if (split) return;
    if (!protect({0, image.pages()}, PROT_READ | PROT_WRITE)) std::abort();
  }
  hot_ = PageSet(image.pages());
  hot_.add(PageRun{0, image.pages()});
}

// From another image: only what differs is written, and what is hot stays hot, because handlers of a kind write to the
// same stretch of heap.
void LinearMemory::change_to(const Image& image) {
  shrink_to(image.size_bytes());
  const std::size_t before = size_;
  if (image.size_bytes() > before) {
    if (!protect({before / kPageBytes, (image.size_bytes() - before) / kPageBytes}, PROT_READ | PROT_WRITE)) std::abort();
    size_ = image.size_bytes();
  }
  PageSet next = hot_;
  next.resize(image.pages());
  if (image.pages() > before / kPageBytes) next.add({before / kPageBytes, image.pages() - before / kPageBytes});
  for (std::size_t page = 0; page < image.pages(); ++page) {
    if (image.page(page) != image_->page(page)) next.add(page);
  }
  for (const auto& run : next.runs()) {
    bool all_hot = true;
    for (std::size_t i = 0; i < run.count && all_hot; ++i) all_hot = hot_.contains(run.first + i);
    if (!all_hot && !protect(run, PROT_READ | PROT_WRITE)) return start_over(image);
  }
  hot_ = std::move(next);
  for (const auto& run : hot_.runs()) {
    for (std::size_t i = 0; i < run.count; ++i) copy_page(run.first + i, image.page(run.first + i));
  }
}

Result<void> LinearMemory::take(std::shared_ptr<const Image> image) {
  assert(running != this);
  if (image == image_) return {};
  if (image->size_bytes() > grant_.bytes()) {
    if (auto granted = grant_.grow_by(image->size_bytes() - grant_.bytes()); !granted) return granted;
  }
  // The union of what was hot is kept until it is more than twice of what this image needs.
  const std::size_t needs = std::max<std::size_t>(image->learned().snapshot(image->pages()).count(), 8);
  const bool relearn = tracking_ == Tracking::kLearnHotPages && hot_.count() > 2 * needs;
  if (image_ == nullptr || relearn) {
    shrink_to(image->size_bytes());
    start_over(*image);
  } else {
    change_to(*image);
  }
  image_ = std::move(image);
  refusal_.reset();
  rebuild_runs();
  return {};
}

void LinearMemory::reset() {
  assert(image_ != nullptr);
  shrink_to(image_->size_bytes());
  refusal_.reset();
  if (faults_ != faults_seen_) {
    rebuild_runs();
    image_->learned().merge(hot_);
  }
  for (const auto& run : runs_) {
    for (std::size_t i = 0; i < run.count; ++i) copy_page(run.first + i, image_->page(run.first + i));
  }
}

void LinearMemory::stop_tracking() {
  if (!protect({0, size_ / kPageBytes}, PROT_READ | PROT_WRITE)) std::abort();
  hot_ = PageSet(size_ / kPageBytes);
  hot_.add(PageRun{0, size_ / kPageBytes});
  image_ = nullptr;
}

bool LinearMemory::heal(const void* address) noexcept {
  const auto page = static_cast<std::size_t>(static_cast<const std::byte*>(address) - base_) / kPageBytes;
  if (page >= hot_.pages() || hot_.contains(page)) return false;
  PageRun run = hot_.merged_run(page, kMaxGapPages);
  for (std::size_t gap = 2 * kMaxGapPages; run.count == 1 && hot_.run_count() >= kMaxRuns && gap < hot_.pages(); gap *= 2) {
    run = hot_.merged_run(page, gap);
  }
  if (!protect(run, PROT_READ | PROT_WRITE)) {
    // No mapping left for one more run. One for the whole image always fits: it merges those that were.
    run = {0, hot_.pages()};
    if (!protect(run, PROT_READ | PROT_WRITE)) return false;
    tracking_ = Tracking::kCopyEverything;
  }
  hot_.add(run);
  ++faults_;
  return true;
}

}  // namespace nexus::memory
