// An image read from the disk cache.
#include "fuzz.h"
#include "nexus/sandbox/memory/image_codec.h"

#include <span>

void fuzz(std::string_view input) {
  namespace memory = nexus::memory;
  static const std::vector<std::byte> pages(4 * nexus::kWasmPageBytes);
  static const auto base = memory::Image::freeze(pages, nullptr);
  const auto image = memory::read_image(std::as_bytes(std::span(input)), base);
  if (image == nullptr || image->size_bytes() > 64 * nexus::kWasmPageBytes) return;
  std::vector<std::byte> memory_of_image(image->size_bytes());
  image->put_changes(memory_of_image.data(), image->own());
  nexus::fuzzing::require(image->equals(memory_of_image));
}
