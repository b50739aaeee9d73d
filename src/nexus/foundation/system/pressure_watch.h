// The pressure watch: signals that a memory limit or the pressure on it may have changed, before the next regular
// measurement. Needs no privilege; sources that cannot be watched are left out, and the regular measurements
// continue.
//
//   each group      writes to its limits; version 2: the kernel's counts in memory.events              inotify
//   the nearest watchable group
//     version 2     150 ms of 2 s lost to waiting for memory (memory.pressure)                         PSI, poll
//     version 1     reclaim under pressure, out of memory (cgroup.event_control)                       eventfd
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "nexus/foundation/system/control_groups.h"

namespace nexus::system {

// Not thread-safe.
class PressureWatch {
 public:
  // Never fails: without free descriptors nothing is watched.
  explicit PressureWatch(std::span<const ControlGroup> groups);
  ~PressureWatch();
  PressureWatch(const PressureWatch&) = delete;
  PressureWatch& operator=(const PressureWatch&) = delete;

  // Readable (poll, epoll) from an event until take(); -1 if nothing is watched.
  int descriptor() const { return sources_.empty() ? -1 : poll_; }
  // Consumes the events: the descriptor is not readable any more.
  void take();
  // The watched files, for messages.
  const std::vector<std::string>& files() const { return files_; }

 private:
  struct Source {
    int descriptor;
    int subject;  // the descriptor of the observed file, which must stay open; -1 if it is `descriptor` itself
  };

  void watch_writes(std::span<const ControlGroup> groups);
  bool watch_stalls(const ControlGroup& group);
  bool watch_notices(const ControlGroup& group, const char* name, const char* level);
  bool add(Source source, std::uint32_t events);

  int poll_;  // an epoll of all sources
  std::vector<Source> sources_;
  std::vector<std::string> files_;
};

}  // namespace nexus::system
