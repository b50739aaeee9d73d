// A handler that can be executed.
#pragma once

#include <memory>
#include <string>

#include "nexus/memory/image.h"

namespace nexus::handlers {

// Immutable; whoever holds it keeps its image alive, cached or not.
struct Handler {
  std::string source;
  std::shared_ptr<const memory::Image> image;
};

}  // namespace nexus::handlers
