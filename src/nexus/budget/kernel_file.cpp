#include "nexus/budget/kernel_file.h"

#include <fcntl.h>
#include <unistd.h>

#include "nexus/base/units.h"

namespace nexus::budget {

std::optional<std::string> read_kernel_file(const std::string& path) {
  constexpr std::size_t kMostBytes = 4_MiB;
  constexpr std::size_t kStepBytes = 8_KiB;  // nearly all are shorter
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  std::string text;
  ssize_t got = 0;
  do {
    const std::size_t before = text.size();
    text.resize(before + kStepBytes);
    got = read(file, text.data() + before, kStepBytes);
    text.resize(before + static_cast<std::size_t>(got > 0 ? got : 0));
  } while (got > 0 && text.size() < kMostBytes);
  close(file);
  if (got < 0) return std::nullopt;
  return text;
}

}  // namespace nexus::budget
