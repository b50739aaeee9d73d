// From the text of a definition to a panel whose tools have all been loaded.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "nexus/panels/registry.h"
#include "nexus/server/executions.h"
#include "nexus/server/loop.h"
#include "nexus/server/refusal.h"

namespace nexus::server {

// Nothing is made or replaced before all tools have been loaded. What happens to the panel meanwhile counts: the registry
// decides at the end.
//
// Thread safety: none; it belongs to one loop.
class PanelCreation {
 public:
  PanelCreation(panels::Registry& registry, Executions& executions, panels::Ceiling ceiling)
      : registry_(registry), executions_(executions), ceiling_(std::move(ceiling)) {}

  // kInvalidRequest and kCapabilityNotAllowed with the faults by path, kCompilationError with the faults by tool,
  // kPanelExists, and what the pool refuses with. REQUIRES: `json` is valid until the coroutine is done.
  Task<std::expected<std::shared_ptr<panels::Panel>, Refusal>> create(std::string_view json,
                                                                      panels::HandlerFiles files);
  // Creates the panel `id`, or replaces all but its state; kPreconditionFailed instead of kPanelExists. REQUIRES: as
  // above, for `id` too.
  Task<std::expected<panels::Put, Refusal>> put(std::string_view id, std::string_view json,
                                                panels::VersionCondition condition);

 private:
  Task<std::expected<void, Refusal>> load_tools(const panels::Definition& definition);

  panels::Registry& registry_;
  Executions& executions_;
  panels::Ceiling ceiling_;
};

}  // namespace nexus::server
