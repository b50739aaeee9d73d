#include "nexus/foundation/system/kernel_file.h"

#include <fcntl.h>

#include <array>

#include "nexus/foundation/base/descriptor.h"
#include "nexus/foundation/base/units.h"

namespace nexus::system {

std::optional<std::string> read_kernel_file(const std::string& path) {
  constexpr std::size_t kMostBytes = 4_MiB;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file) return std::nullopt;
  std::string text;
  std::array<char, 8_KiB> step;  // nearly all files are shorter
  ssize_t got = 0;
  do {
    got = read(*file, step.data(), step.size());
    if (got > 0) text.append(step.data(), static_cast<std::size_t>(got));
  } while (got > 0 && text.size() < kMostBytes);
  if (got < 0) return std::nullopt;
  return text;
}

}  // namespace nexus::system
