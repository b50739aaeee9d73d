// Files that the kernel generates when they are read: /proc and /sys.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace nexus::system {

// The content of a file, or nullopt if it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// Reads the real file, at most its first 4 MiB. Takes a few microseconds plus the kernel's time to generate it.
std::optional<std::string> read_kernel_file(const std::string& path);

}  // namespace nexus::system
