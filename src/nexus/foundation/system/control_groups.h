// The folders of this process's control group and of its ancestors.
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

// The process's own group first, then its ancestors up to the last visible one; those of version 2 first if both are
// mounted. `controller`: "cpu", "memory". A group may not exist or may lack the controller's files: a container may
// see its own group as the root while its path is the host's.
std::vector<ControlGroup> control_groups(const ReadFile& read, std::string_view controller);

}  // namespace nexus::system
