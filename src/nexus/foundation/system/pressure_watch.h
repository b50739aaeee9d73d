// Says when a limit may have moved, before the next look at the clock would find it. No privilege is needed: what cannot be
// watched here is left out, and those who look at the clock go on doing so.
//
//   of each group   writes to its limits; version 2: what the kernel counts in memory.events         inotify
//   of the nearest that lets us
//     version 2     a tenth of two seconds lost to waiting for memory (memory.pressure)               PSI, poll
//     version 1     reclaim that has to work for it, out of memory (cgroup.event_control)             eventfd
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
  // Never fails: where the kernel has no more descriptors nothing is watched.
  explicit PressureWatch(std::span<const ControlGroup> groups);
  ~PressureWatch();
  PressureWatch(const PressureWatch&) = delete;
  PressureWatch& operator=(const PressureWatch&) = delete;

  // Readable (poll, epoll) once something has happened, until take(). -1: nothing is watched.
  int descriptor() const { return sources_.empty() ? -1 : poll_; }
  // Makes it unreadable again.
  void take();
  // The files that are watched, for people.
  const std::vector<std::string>& files() const { return files_; }

 private:
  struct Source {
    int descriptor;
    int subject;  // what it tells about, which must stay open; -1: itself
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
