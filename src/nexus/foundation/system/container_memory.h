// What the kernel lets the container have, and what it charges to it now: control groups of version 2 and 1.
//
// Every group from the process's own up to the root may have a limit, and the kernel kills at the first that is full. So the
// one that counts has the least *free* (limit - working set), not the least limit: a pod's 1 GiB of which a neighbour
// uses 900 MiB is tighter than the container's own 512 MiB. What others use of it is `neighbours_bytes`, so that
//
//   |<------------------ limit_bytes ------------------>|
//   |  neighbours_bytes  |  working_set_bytes  |  free  |
//
// and limit - neighbours is what this container can ever have while they stay as they are.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nexus/foundation/system/control_groups.h"

namespace nexus::system {

struct ContainerMemory {
  // Of the group with the least free; none: nobody limits us. Beside memory.max it may be memory.high, because from there on
  // the kernel stops us instead of killing, and (version 1) what memory and swap may be together.
  std::optional<std::uint64_t> limit_bytes;
  std::string limit_file;              // the file that says so, for people; empty without a limit
  std::uint64_t neighbours_bytes = 0;  // working set in the limiting group that is not this container's

  // Of the process's own group: all that the kernel charges to it. Without a limit they may be of a whole session or
  // machine, and say little about this process.
  std::uint64_t usage_bytes = 0;
  std::uint64_t working_set_bytes = 0;  // without cached files that the kernel would drop rather than kill

  // What may be swapped out beyond the limit, by the own group; none: unlimited or unknown. Never counted as free: a
  // handler that waits for a disk is no handler that is served.
  std::optional<std::uint64_t> swap_limit_bytes;
  int version = 0;  // of control groups; 0: there are none for memory

  bool operator==(const ContainerMemory&) const = default;
};

// Finds the groups once, and reads them whenever it is asked: some ten small files, 100 us. A process that is moved to
// another group needs a new one.
class ContainerWatch {
 public:
  explicit ContainerWatch(ReadFile read);

  // What is missing or makes no sense counts as if it were not there.
  ContainerMemory read() const;

 private:
  ReadFile read_;
  std::vector<ControlGroup> groups_;
};

ContainerMemory read_container_memory(const ReadFile& read);

}  // namespace nexus::system
