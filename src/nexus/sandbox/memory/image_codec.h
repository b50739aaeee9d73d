// An image as bytes, to be kept outside the process and read again over the same base. Machines with another order of bytes
// than this one's do not come into it.
//
//   │ pages u32 │ words u32 │ learned pages, a bitmap of so many u64 │ changes in the base, to the end │
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "nexus/sandbox/memory/image.h"

namespace nexus::memory {

// REQUIRES: image.is_changes().
void append_image(std::vector<std::byte>& out, const Image& image);

// Null for bytes that are not of an image. Bytes that are, but of another base, give another image: whoever keeps them has
// to know.
std::shared_ptr<const Image> read_image(std::span<const std::byte> bytes, std::shared_ptr<const Image> base);

}  // namespace nexus::memory
