// Images for the tests of the caches: a base, and images that differ from it.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "nexus/sandbox/memory/image.h"

namespace nexus::handlers {

class Images {
 public:
  const std::shared_ptr<const memory::Image>& base() const { return base_; }

  // An image that stores about `bytes` of its own; a different `seed` gives a different image.
  std::shared_ptr<const memory::Image> make(std::size_t bytes, unsigned char seed = 1) const {
    std::vector<std::byte> memory(kSize);
    std::memset(memory.data(), seed, bytes);
    return memory::Image::freeze(memory, base_);
  }

 private:
  static constexpr std::size_t kSize = 16 * kWasmPageBytes;
  std::shared_ptr<const memory::Image> base_ = memory::Image::freeze(std::vector<std::byte>(kSize), nullptr);
};

}  // namespace nexus::handlers
