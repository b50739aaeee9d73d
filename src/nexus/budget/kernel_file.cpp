#include "nexus/budget/kernel_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <new>
#include <utility>

#include "nexus/base/units.h"

namespace nexus::budget {

namespace {

// Appends all that it has; false when it cannot be read.
bool append(int file, std::string& text) {
  constexpr std::size_t kMostBytes = 4_MiB;
  std::array<char, 8_KiB> step;  // nearly all are shorter
  ssize_t got = 0;
  do {
    got = read(file, step.data(), step.size());
    if (got > 0) text.append(step.data(), static_cast<std::size_t>(got));
  } while (got > 0 && text.size() < kMostBytes);
  return got >= 0;
}

}  // namespace

std::optional<std::string> read_kernel_file(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return std::nullopt;
  std::string text;
  try {
    const bool is_read = append(file, text);
    close(file);
    return is_read ? std::optional(std::move(text)) : std::nullopt;
  } catch (const std::bad_alloc&) {
    close(file);
    throw;
  }
}

}  // namespace nexus::budget
