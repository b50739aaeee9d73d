#include "nexus/runtime/executions/running_handlers.h"

#include <fmt/format.h>

namespace nexus::executions {

std::vector<metrics::HandlerUse> RunningHandlers::uses() const {
  std::vector<metrics::HandlerUse> uses;
  for (const Running& one : running_) {
    uses.push_back({.name = fmt::format("{}/{}", one.panel, one.tool),
                    .held_bytes = one.instance->memory_used(),
                    .running = 1});
  }
  return uses;
}

}  // namespace nexus::executions
