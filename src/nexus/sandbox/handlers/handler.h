// A handler that can be executed.
#pragma once

#include <memory>
#include <string>

#include "nexus/foundation/budget/ledger.h"
#include "nexus/sandbox/handlers/memory_profile.h"
#include "nexus/sandbox/memory/image.h"

namespace nexus::handlers {

// What executions of a handler have used since it was loaded.
struct HandlerUse {
  std::string name;  // "panel/tool" of the first, "panel/tool and others" when a source is that of several
  bool is_shared = false;        // it is
  const void* latest = nullptr;  // whose call was the latest before it was: only to be compared
  std::uint64_t image_bytes =
      0;  // of linear memory before an execution grows it; known to HandlerCache::uses()
  MemoryProfile memory;
  std::uint64_t memory_limit_bytes = 0;  // of the latest
  std::uint64_t executions = 0;
  std::uint64_t running_us = 0;
  std::uint64_t host_calls = 0;
  std::uint64_t suspensions = 0;  // calls of extensions that they have waited for
  std::uint64_t refusals = 0;     // executions that got no memory, before or while they ran
};

// A handler that can be executed. Immutable but for its use, which belongs to the loop that runs it; whoever holds it keeps
// its image alive, cached or not.
struct Handler {
  std::string source;
  std::shared_ptr<const memory::Image> image;
  mutable budget::Grant held{};  // kImages; set once, by the cache that it comes from
  mutable HandlerUse use{};
};

}  // namespace nexus::handlers
