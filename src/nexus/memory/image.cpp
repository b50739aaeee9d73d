#include "nexus/memory/image.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace nexus::memory {
namespace {

constexpr std::array<std::byte, kPageBytes> kZeros{};

bool same_page(const std::byte* a, const std::byte* b) { return std::memcmp(a, b, kPageBytes) == 0; }

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

Image::Image(std::size_t pages, std::shared_ptr<const Image> base)
    : base_(std::move(base)), table_(pages, nullptr), learned_(pages) {}

std::shared_ptr<const Image> Image::freeze(std::span<const std::byte> memory,
                                           std::shared_ptr<const Image> base) {
  assert(memory.size() % kWasmPageBytes == 0);
  const std::size_t pages = memory.size() / kPageBytes;
  std::shared_ptr<Image> image(new Image(pages, std::move(base)));
  std::vector<std::size_t> own;
  for (std::size_t i = 0; i < pages; ++i) {
    const std::byte* page = memory.data() + i * kPageBytes;
    const std::byte* of_base = image->base_ ? image->base_->page(i) : nullptr;
    if (same_page(page, of_base != nullptr ? of_base : kZeros.data())) {
      image->table_[i] = of_base;
    } else if (!same_page(page, kZeros.data())) {
      own.push_back(i);
    }
  }
  image->own_.resize(own.size() * kPageBytes);
  for (std::size_t k = 0; k < own.size(); ++k) {
    std::byte* kept = image->own_.data() + k * kPageBytes;
    std::memcpy(kept, memory.data() + own[k] * kPageBytes, kPageBytes);
    image->table_[own[k]] = kept;
  }
  return image;
}

std::size_t Image::stored_bytes() const {
  return own_.size() + table_.size() * sizeof(table_[0]) + table_.size() / 8 + sizeof *this;
}

std::uint64_t Image::digest() const {
  std::uint64_t digest = table_.size();
  for (const std::byte* page : table_) {
    digest = XXH3_64bits_withSeed(page != nullptr ? page : kZeros.data(), kPageBytes, digest);
  }
  return digest;
}

bool Image::page_equals(std::size_t index, const std::byte* bytes) const {
  const std::byte* kept = page(index);
  return same_page(bytes, kept != nullptr ? kept : kZeros.data());
}

bool Image::equals(std::span<const std::byte> memory) const {
  if (memory.size() != size_bytes()) return false;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (!page_equals(i, memory.data() + i * kPageBytes)) return false;
  }
  return true;
}

}  // namespace nexus::memory
