#include "nexus/memory/image.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <optional>

namespace nexus::memory {
namespace {

// Changes closer than this are one run: its head costs 4 bytes and about 4 ns.
constexpr std::size_t kMaxGapBytes = 16;

struct ChangedPage {
  std::uint32_t page;
  std::uint32_t bytes;  // of the runs that follow
};
struct ChangedRun {
  std::uint16_t offset;
  std::uint16_t length;
};

// All of a page is changed: as one run, since what a second one would save is more than its head.
constexpr std::size_t kMostChangedPageBytes = sizeof(ChangedPage) + sizeof(ChangedRun) + kPageBytes;

std::size_t bitmap_bytes(const PageSet& own) { return 2 * own.words().size() * sizeof(std::uint64_t); }

template <class T>
void append(std::vector<std::byte>& out, const T& value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), bytes, bytes + sizeof value);
}

template <class T>
T take(const std::byte*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}

void append_runs(std::vector<std::byte>& out, const std::byte* page, const std::byte* of_base) {
  for (std::size_t at = 0; at < kPageBytes;) {
    if (page[at] == of_base[at]) {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    for (std::size_t next = end; next < kPageBytes && next - end < kMaxGapBytes; ++next) {
      if (page[next] != of_base[next]) end = next + 1;
    }
    append(out, ChangedRun{static_cast<std::uint16_t>(at), static_cast<std::uint16_t>(end - at)});
    out.insert(out.end(), page + at, page + end);
    at = end;
  }
}

void append_page(std::vector<std::byte>& out, std::size_t index, const std::byte* page,
                 const std::byte* of_base) {
  const std::size_t head = out.size();
  append(out, ChangedPage{static_cast<std::uint32_t>(index), 0});
  append_runs(out, page, of_base);
  const ChangedPage done{static_cast<std::uint32_t>(index),
                         static_cast<std::uint32_t>(out.size() - head - sizeof(ChangedPage))};
  std::memcpy(out.data() + head, &done, sizeof done);
}

constexpr std::size_t kMostPages = 65536 * (kWasmPageBytes / kPageBytes);  // of a 32-bit memory

// The value at the beginning of `bytes`, which lose it; null when they are too few.
template <class T>
std::optional<T> cut(std::span<const std::byte>& bytes) {
  if (bytes.size() < sizeof(T)) return std::nullopt;
  const std::byte* at = bytes.data();
  bytes = bytes.subspan(sizeof(T));
  return take<T>(at);
}

// Whether they are runs of one page, in order and to the last byte.
bool are_runs(std::span<const std::byte> bytes) {
  for (std::size_t end = 0; !bytes.empty();) {
    const auto run = cut<ChangedRun>(bytes);
    if (!run || run->length == 0 || run->length > bytes.size()) return false;
    if (run->offset < end || run->offset + run->length > kPageBytes) return false;
    end = run->offset + run->length;
    bytes = bytes.subspan(run->length);
  }
  return true;
}

// The pages that are changed; nullopt when these are not changes of so many pages.
std::optional<PageSet> pages_of(std::span<const std::byte> changes, std::size_t pages) {
  PageSet own(pages);
  for (std::size_t next = 0; !changes.empty();) {
    const auto changed = cut<ChangedPage>(changes);
    if (!changed || changed->page < next || changed->page >= pages || changed->bytes > changes.size())
      return std::nullopt;
    if (!are_runs(changes.first(changed->bytes))) return std::nullopt;
    own.add(changed->page);
    next = changed->page + 1;
    changes = changes.subspan(changed->bytes);
  }
  return own;
}

void put_runs(std::byte* page, const std::byte* runs, std::size_t bytes) {
  for (const std::byte* const end = runs + bytes; runs < end;) {
    const auto run = take<ChangedRun>(runs);
    std::memcpy(page + run.offset, runs, run.length);
    runs += run.length;
  }
}

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
      append_page(image->changes_, i, memory.data() + i * kPageBytes, of_base.content(i));
  }
  image->changes_.shrink_to_fit();
  return image;
}

std::shared_ptr<const Image> Image::from_changes(std::size_t pages, std::span<const std::byte> changes,
                                                 std::shared_ptr<const Image> base) {
  assert(base != nullptr);
  if (base->base_ != nullptr) base = base->base_;
  if (pages == 0 || pages > kMostPages || pages % (kWasmPageBytes / kPageBytes) != 0) return nullptr;
  auto own = pages_of(changes, pages);
  if (!own) return nullptr;
  std::shared_ptr<Image> image(new Image(*std::move(own), std::move(base)));
  image->changes_.assign(changes.begin(), changes.end());
  return image;
}

void Image::put_changes(std::byte* memory, const PageSet& where) const {
  for (const std::byte *at = changes_.data(), *const end = at + changes_.size(); at < end;) {
    const auto changed = take<ChangedPage>(at);
    if (where.contains(changed.page)) put_runs(memory + changed.page * kPageBytes, at, changed.bytes);
    at += changed.bytes;
  }
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
  std::byte* page = pages->own().data();
  for (const std::byte *at = changes_.data(), *const end = at + changes_.size(); at < end;
       page += kPageBytes) {
    const auto changed = take<ChangedPage>(at);
    put_runs(page, at, changed.bytes);
    at += changed.bytes;
  }
  shared_ = pages;
  return pages;
}

std::size_t Image::stored_bytes() const {
  return changes_.size() + bitmap_bytes(own_) + sizeof *this +
         (unfolded_ != nullptr ? unfolded_->bytes() : 0);
}

// Each page in order, one at a time: unfolding all of them would cost more than looking at them.
template <class Look>
bool Image::all_pages(Look look) const {
  std::array<std::byte, kPageBytes> changed_page;
  const std::byte* changes = changes_.data();
  for (std::size_t i = 0; i < pages(); ++i) {
    const std::byte* page = base_pages().content(i);
    if (own_.contains(i)) {
      std::memcpy(changed_page.data(), page, kPageBytes);
      const auto changed = take<ChangedPage>(changes);
      put_runs(changed_page.data(), changes, changed.bytes);
      changes += changed.bytes;
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
