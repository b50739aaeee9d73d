// A fake file system of the kernel: a map from path to text.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "nexus/foundation/system/kernel_file.h"

namespace nexus::system {

using Files = std::map<std::string, std::string>;

// Sees later changes of `files`, which must outlive the reader.
inline ReadFile reader_of(const Files& files) {
  return [&files](const std::string& path) -> std::optional<std::string> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
}

inline constexpr char kSelf[] = "/proc/self/cgroup";
inline constexpr char kMounts[] = "/proc/self/mountinfo";

}  // namespace nexus::system
