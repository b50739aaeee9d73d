// Executions that go on beyond their first slice, so that it can be said who holds memory now. Those that end within it come
// and go between two looks.
//
// Thread safety: none; it belongs to one loop.
#pragma once

#include <fmt/format.h>

#include <list>
#include <string_view>
#include <vector>

#include "nexus/foundation/metrics/handler_use.h"
#include "nexus/sandbox/execution/instance.h"

namespace nexus::executions {

class RunningHandlers {
  struct Running {
    std::string_view panel, tool;
    const sandbox::Instance* instance;
  };

 public:
  // In the list for as long as it exists, and what it names must.
  class Entry {
   public:
    Entry(RunningHandlers& all, std::string_view panel, std::string_view tool,
          const sandbox::Instance& instance)
        : all_(all.running_), place_(all_.insert(all_.end(), {panel, tool, &instance})) {}
    ~Entry() { all_.erase(place_); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    std::list<Running>& all_;
    std::list<Running>::iterator place_;
  };

  // One for each execution.
  std::vector<metrics::HandlerUse> uses() const {
    std::vector<metrics::HandlerUse> uses;
    for (const Running& one : running_) {
      uses.push_back({.name = fmt::format("{}/{}", one.panel, one.tool),
                      .held_bytes = one.instance->memory_used(),
                      .running = 1});
    }
    return uses;
  }

 private:
  std::list<Running> running_;
};

}  // namespace nexus::executions
