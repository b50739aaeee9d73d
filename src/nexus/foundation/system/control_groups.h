// Where the kernel tells what this process's control group and its ancestors may use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/system/kernel_file.h"

namespace nexus::system {

struct ControlGroup {
  int version = 2;     // 1: a hierarchy for each controller; 2: one for all
  std::string folder;  // "/sys/fs/cgroup/a/b"
};

// The process's own group first, then its ancestors up to the last that can be seen; where both versions are mounted, those
// of version 2 first. `controller`: "cpu", "memory". A group need not be there nor have the controller's files: a
// container may see its own group as the root while its path is the host's.
std::vector<ControlGroup> control_groups(const ReadFile& read, std::string_view controller);

}  // namespace nexus::system
