#include "nexus/sandbox/memory/image.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

#include "nexus/sandbox/memory/changes.h"

namespace nexus::memory {
namespace {

std::size_t bitmap_bytes(const PageSet& own) { return 2 * own.words().size() * sizeof(std::uint64_t); }

constexpr std::size_t kMostPages = 65536 * (kWasmPageBytes / kPageBytes);  // of a 32-bit memory

}  // namespace

void LearnedPages::merge(const PageSet& pages) {
  for (std::size_t i = 0; i < std::min(words_.size(), pages.words().size()); ++i) {
    words_[i].fetch_or(pages.words()[i], std::memory_order_relaxed);
  }
}

PageSet LearnedPages::snapshot(std::size_t pages) const {
  PageSet set(pages);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    std::uint64_t word = words_[i].load(std::memory_order_relaxed);
    for (; word != 0; word &= word - 1) {
      const std::size_t page = i * 64 + static_cast<std::size_t>(std::countr_zero(word));
      if (page < pages) set.add(page);
    }
  }
  return set;
}

Image::Image(PageSet own, std::shared_ptr<const Image> base)
    : base_(std::move(base)), own_(std::move(own)), learned_(own_.pages()) {}

std::shared_ptr<const Image> Image::freeze(std::span<const std::byte> memory,
                                           std::shared_ptr<const Image> base) {
  assert(memory.size() % kWasmPageBytes == 0);
  if (base != nullptr) {
    PageSet differing = differing_pages(memory, *base);
    return freeze(memory, std::move(base), std::move(differing));
  }
  std::shared_ptr<Image> image(new Image(PageSet(memory.size() / kPageBytes), nullptr));
  image->unfolded_ = std::make_shared<const Pages>(memory);
  return image;
}

PageSet Image::differing_pages(std::span<const std::byte> memory, const Image& base) {
  PageSet differing(memory.size() / kPageBytes);
  for (std::size_t i = 0; i < differing.pages(); ++i) {
    if (!base.base_pages().equals(i, memory.data() + i * kPageBytes)) differing.add(i);
  }
  return differing;
}

std::size_t Image::most_bytes(const PageSet& differing) {
  return sizeof(Image) + bitmap_bytes(differing) + differing.count() * kMostChangedPageBytes;
}

std::shared_ptr<const Image> Image::freeze(std::span<const std::byte> memory,
                                           std::shared_ptr<const Image> base, PageSet differing) {
  if (base->base_ != nullptr) base = base->base_;
  std::shared_ptr<Image> image(new Image(std::move(differing), std::move(base)));
  const Pages& of_base = image->base_pages();
  image->changes_.reserve(image->own_.count() * kMostChangedPageBytes);
  for (const PageRun run : image->own_.runs()) {
    for (std::size_t i = run.first; i < run.first + run.count; ++i)
      append_changes(image->changes_, i, memory.data() + i * kPageBytes, of_base.content(i));
  }
  image->changes_.shrink_to_fit();
  return image;
}

std::shared_ptr<const Image> Image::from_changes(std::size_t pages, std::span<const std::byte> changes,
                                                 std::shared_ptr<const Image> base) {
  assert(base != nullptr);
  if (base->base_ != nullptr) base = base->base_;
  if (pages == 0 || pages > kMostPages || pages % (kWasmPageBytes / kPageBytes) != 0) return nullptr;
  auto own = changed_pages(changes, pages);
  if (!own) return nullptr;
  std::shared_ptr<Image> image(new Image(*std::move(own), std::move(base)));
  image->changes_.assign(changes.begin(), changes.end());
  return image;
}

void Image::put_changes(std::byte* memory, const PageSet& where) const {
  for_each_change(changes_, [&](std::size_t page, std::span<const std::byte> runs) {
    if (where.contains(page)) put_runs(memory + page * kPageBytes, runs);
  });
}

std::shared_ptr<const Pages> Image::unfolded() const {
  if (base_ == nullptr) return unfolded_;
  const std::lock_guard lock(mutex_);
  return shared_.lock();
}

std::shared_ptr<const Pages> Image::unfold(budget::Ledger* ledger) const {
  if (base_ == nullptr) return unfolded_;
  const std::lock_guard lock(mutex_);
  if (auto pages = shared_.lock()) return pages;
  budget::Grant grant;
  if (ledger != nullptr) {
    auto granted = ledger->grant(budget::Kind::kImages, Pages::bytes_for(own_), budget::Need::kGrowth);
    if (!granted) return nullptr;
    grant = *std::move(granted);
  }
  auto pages = std::make_shared<Pages>(base_->unfolded_, own_, std::move(grant));
  std::byte* own = pages->own().data();
  for_each_change(changes_, [&](std::size_t, std::span<const std::byte> runs) {
    put_runs(own, runs);
    own += kPageBytes;
  });
  shared_ = pages;
  return pages;
}

std::shared_ptr<const Bytes> Image::typical_changes(std::span<const std::byte> offered) const {
  const std::lock_guard lock(mutex_);
  auto typical = typical_.lock();
  if (typical == nullptr) typical_ = typical = std::make_shared<const Bytes>(offered.begin(), offered.end());
  return typical;
}

std::size_t Image::stored_bytes() const {
  return changes_.size() + bitmap_bytes(own_) + sizeof *this +
         (unfolded_ != nullptr ? unfolded_->bytes() : 0);
}

// Visits the pages in order, one at a time: unfolding all of them would cost more.
template <class Look>
bool Image::all_pages(Look look) const {
  std::array<std::byte, kPageBytes> changed_page;
  std::span<const std::byte> changes = changes_;
  for (std::size_t i = 0; i < pages(); ++i) {
    const std::byte* page = base_pages().content(i);
    if (own_.contains(i)) {
      std::memcpy(changed_page.data(), page, kPageBytes);
      ChangedPage head;
      std::memcpy(&head, changes.data(), sizeof head);
      put_runs(changed_page.data(), changes.subspan(sizeof head, head.bytes));
      changes = changes.subspan(sizeof head + head.bytes);
      page = changed_page.data();
    }
    if (!look(i, page)) return false;
  }
  return true;
}

std::uint64_t Image::digest() const {
  std::uint64_t digest = pages();
  all_pages([&](std::size_t, const std::byte* page) {
    digest = XXH3_64bits_withSeed(page, kPageBytes, digest);
    return true;
  });
  return digest;
}

bool Image::equals(std::span<const std::byte> memory) const {
  if (memory.size() != size_bytes()) return false;
  return all_pages([&](std::size_t i, const std::byte* page) {
    return std::memcmp(memory.data() + i * kPageBytes, page, kPageBytes) == 0;
  });
}

}  // namespace nexus::memory
