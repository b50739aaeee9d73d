#include "nexus/sandbox/handlers/image_file.h"

#include <bit>
#include <cstdint>
#include <cstring>

#include "nexus/sandbox/memory/image_codec.h"

namespace nexus::handlers {
namespace {

constexpr std::uint64_t kLayout = 1;  // increase it with every change of a file's content

struct Head {
  Digest checksum;
  Digest origin;
  std::uint64_t source_bytes;
};

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

Digest checksum_of(std::span<const std::byte> file) {
  return digest_of(file.subspan(offsetof(Head, origin)), kLayout);
}

}  // namespace

Digest image_file_name(const Digest& origin, std::string_view source) {
  return digest_of(bytes_of(source), (origin.low ^ std::rotl(origin.high, 1)) + kLayout);
}

std::vector<std::byte> make_image_file(const Digest& origin, std::string_view source,
                                       const memory::Image& image) {
  Head head{{}, origin, source.size()};
  std::vector<std::byte> file(sizeof head);
  file.reserve(sizeof head + source.size() + image.stored_bytes());
  const auto text = bytes_of(source);
  file.insert(file.end(), text.begin(), text.end());
  memory::append_image(file, image);
  std::memcpy(file.data(), &head, sizeof head);
  head.checksum = checksum_of(file);
  std::memcpy(file.data(), &head, sizeof head);
  return file;
}

std::shared_ptr<const memory::Image> read_image_file(std::span<const std::byte> file, const Digest& origin,
                                                     std::string_view source,
                                                     std::shared_ptr<const memory::Image> base) {
  Head head;
  if (file.size() < sizeof head) return nullptr;
  std::memcpy(&head, file.data(), sizeof head);
  if (head.checksum != checksum_of(file) || head.origin != origin) return nullptr;
  const auto rest = file.subspan(sizeof head);
  if (head.source_bytes != source.size() || head.source_bytes > rest.size()) return nullptr;
  if (!source.empty() && std::memcmp(rest.data(), source.data(), source.size()) != 0) return nullptr;
  return memory::read_image(rest.subspan(source.size()), std::move(base));
}

}  // namespace nexus::handlers
