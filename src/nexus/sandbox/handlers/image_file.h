// One file of the disk cache: a handler's source and its image.
//
//   │ checksum of the rest │ origin │ bytes of the source u64 │ source │ image (sandbox/memory/image_codec.h) │
//
// The origin identifies everything that an image depends on beside its source (sandbox::Runtime::image_origin). The
// source is stored to be compared, because two different sources can be constructed with the same digest.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/digest.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::handlers {

// The name of the file: differs by origin, source and layout version.
Digest image_file_name(const Digest& origin, std::string_view source);

// REQUIRES: image.is_changes().
std::vector<std::byte> make_image_file(const Digest& origin, std::string_view source,
                                       const memory::Image& image);

// Null if the file is damaged, or of another origin or source.
std::shared_ptr<const memory::Image> read_image_file(std::span<const std::byte> file, const Digest& origin,
                                                     std::string_view source,
                                                     std::shared_ptr<const memory::Image> base);

}  // namespace nexus::handlers
