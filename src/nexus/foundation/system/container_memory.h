// The container's memory limit and its use, from the kernel: control groups of version 2 and 1.
//
// Each group from the process's own up to the root may have a limit, and the kernel kills at the first full one. So
// the limiting group is the one with the least *free* memory (limit - working set), not with the least limit: a pod's
// 1 GiB of which a neighbour uses 900 MiB is tighter than the container's own 512 MiB. `neighbours_bytes` is the use
// by others:
//
//   |<------------------ limit_bytes ------------------>|
//   |  neighbours_bytes  |  working_set_bytes  |  free  |
//
// limit - neighbours is the most that this container can have while its neighbours stay as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/system/control_groups.h"

namespace nexus::system {

struct ContainerMemory {
  // Of the group with the least free memory; none if no group has a limit. Considers memory.max, memory.high (the
  // kernel throttles from there on) and, in version 1, the limit of memory and swap together.
  std::optional<std::uint64_t> limit_bytes;
  std::string limit_file;              // the file with the limit, for messages; empty without a limit
  std::uint64_t neighbours_bytes = 0;  // working set in the limiting group outside this container

  // Everything that the kernel charges to the process's own group. Without a limit the group may be a whole session
  // or machine, and the figures say little about this process.
  std::uint64_t usage_bytes = 0;
  std::uint64_t working_set_bytes = 0;  // without cached files, which the kernel drops before it kills

  // The swap that the own group may use beyond the limit; none if unlimited or unknown. Never counted as free memory:
  // a handler that waits for a disk is too slow.
  std::optional<std::uint64_t> swap_limit_bytes;
  int version = 0;  // of control groups; 0 if there are none for memory

  bool operator==(const ContainerMemory&) const = default;
};

// Finds the groups once; each read() reads some ten small files in 100 us. A process that moves to another group
// needs a new watch.
class ContainerWatch {
 public:
  explicit ContainerWatch(ReadFile read);

  // Files that are missing or malformed count as absent.
  ContainerMemory read() const;

 private:
  ReadFile read_;
  std::vector<ControlGroup> groups_;
};

ContainerMemory read_container_memory(const ReadFile& read);

}  // namespace nexus::system
