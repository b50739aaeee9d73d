#include "nexus/sandbox/memory/image_codec.h"

#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>

namespace nexus::memory {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Head {
  std::uint32_t pages;
  std::uint32_t words;
};

void append(std::vector<std::byte>& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

PageSet pages_in(std::span<const std::byte> words, std::size_t pages) {
  PageSet set(pages);
  for (std::size_t i = 0; i < words.size() / sizeof(std::uint64_t); ++i) {
    std::uint64_t word = 0;
    std::memcpy(&word, words.data() + i * sizeof word, sizeof word);
    for (; word != 0; word &= word - 1) {
      const std::size_t page = i * 64 + static_cast<std::size_t>(std::countr_zero(word));
      if (page < pages) set.add(page);
    }
  }
  return set;
}

}  // namespace

void append_image(std::vector<std::byte>& out, const Image& image) {
  assert(image.is_changes());
  const PageSet learned = image.learned().snapshot(image.pages());
  const Head head{static_cast<std::uint32_t>(image.pages()),
                  static_cast<std::uint32_t>(learned.words().size())};
  append(out, std::as_bytes(std::span(&head, 1)));
  append(out, std::as_bytes(std::span(learned.words())));
  append(out, image.changes());
}

std::shared_ptr<const Image> read_image(std::span<const std::byte> bytes, std::shared_ptr<const Image> base) {
  Head head;
  if (bytes.size() < sizeof head) return nullptr;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes = bytes.subspan(sizeof head);
  const std::size_t learned_bytes = std::size_t{head.words} * sizeof(std::uint64_t);
  if (head.words != (std::size_t{head.pages} + 63) / 64 || learned_bytes > bytes.size()) return nullptr;
  auto image = Image::from_changes(head.pages, bytes.subspan(learned_bytes), std::move(base));
  if (image != nullptr) image->learned().merge(pages_in(bytes.first(learned_bytes), head.pages));
  return image;
}

}  // namespace nexus::memory
