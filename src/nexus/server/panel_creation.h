// From the text of a definition to a panel whose tools have all been loaded.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "nexus/panels/registry.h"
#include "nexus/server/executions.h"
#include "nexus/server/loop.h"

namespace nexus::server {

struct Refusal {
  Error error;
  std::string details_json;  // one JSON value, or empty
};

// Thread safety: none; it belongs to one loop.
class PanelCreation {
 public:
  PanelCreation(panels::Registry& registry, Executions& executions, panels::Ceiling ceiling)
      : registry_(registry), executions_(executions), ceiling_(std::move(ceiling)) {}

  // kInvalidRequest and kCapabilityNotAllowed with the faults by path, kCompilationError with the faults by tool,
  // kPanelExists, and what the pool refuses with. REQUIRES: `json` is valid until the coroutine is done.
  Task<std::expected<std::shared_ptr<panels::Panel>, Refusal>> create(std::string_view json,
                                                                      panels::HandlerFiles files);

 private:
  panels::Registry& registry_;
  Executions& executions_;
  panels::Ceiling ceiling_;
};

}  // namespace nexus::server
