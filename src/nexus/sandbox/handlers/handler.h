// A handler that is ready to run.
#pragma once

#include <memory>
#include <string>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/handlers/memory_profile.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::handlers {

// Resources used by the executions of a handler since it was loaded.
struct HandlerUse {
  std::string name;  // "panel/tool" of the first tool; "panel/tool and others" if several have this source
  bool is_shared = false;  // several tools have this source
  const void* latest =
      nullptr;  // the tool of the most recent call, to notice a second one. Compared only: it may dangle
  std::uint64_t image_bytes = 0;  // linear memory at the start of an execution; set by HandlerCache::uses()
  MemoryProfile memory;
  std::uint64_t memory_limit_bytes = 0;  // of the latest execution
  std::uint64_t executions = 0;
  std::uint64_t running_us = 0;
  std::uint64_t host_calls = 0;
  std::uint64_t suspensions = 0;  // extension calls that executions have waited for
  std::uint64_t refusals = 0;     // executions without memory, before or while they ran
};

// Immutable except `use`, which belongs to the loop that runs the handler. A shared_ptr keeps its image alive, cached
// or not.
struct Handler {
  std::string source;
  std::shared_ptr<const memory::Image> image;
  mutable budget::Grant held{};  // kImages; set once, by the cache
  mutable HandlerUse use{};
};

}  // namespace nexus::handlers
