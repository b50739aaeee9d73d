// An image as bytes, stored outside the process and read over the same base. Machines of another byte order are not
// supported.
//
//   │ pages u32 │ words u32 │ learned pages, a bitmap of `words` u64 │ changes against the base, to the end │
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "nexus/sandbox/memory/image.h"

namespace nexus::memory {

// REQUIRES: image.is_changes().
void append_image(std::vector<std::byte>& out, const Image& image);

// Null if `bytes` is not an image. Bytes written over another base give a wrong image: the caller must check the
// base.
std::shared_ptr<const Image> read_image(std::span<const std::byte> bytes, std::shared_ptr<const Image> base);

}  // namespace nexus::memory
