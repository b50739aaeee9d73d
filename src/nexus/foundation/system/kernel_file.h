// Files that the kernel makes up when they are read: /proc and /sys.
#pragma once

#include <functional>
#include <optional>
#include <string>

namespace nexus::system {

// A file's content, none when it cannot be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;

// The real ones; of a file above 4 MiB its beginning. A few microseconds, and what the kernel needs to make it up.
std::optional<std::string> read_kernel_file(const std::string& path);

}  // namespace nexus::system
