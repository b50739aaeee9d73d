// From the text of a definition to a panel whose tools have all been loaded and whose triggers are in force.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "nexus/panels/registry.h"
#include "nexus/server/automation.h"
#include "nexus/server/caller.h"
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
  PanelCreation(panels::Registry& registry, Executions& executions, Automation& automation,
                panels::Ceiling ceiling)
      : registry_(registry), executions_(executions), automation_(automation), ceiling_(std::move(ceiling)) {}

  // kForbidden when a trigger asks for the events of a panel that the caller may not see;
  // kInvalidRequest and kCapabilityNotAllowed with the faults by path, kCompilationError with the faults by tool,
  // kPanelExists, and what the pool refuses with. REQUIRES: `json` is valid until the coroutine is done.
  Task<std::expected<std::shared_ptr<panels::Panel>, Refusal>> create(std::string_view json,
                                                                      const Caller& caller,
                                                                      panels::HandlerFiles files);
  // Creates the panel `id`, or replaces all but its state; kPreconditionFailed instead of kPanelExists. REQUIRES: as
  // above, for `id` and `caller` too.
  Task<std::expected<panels::Put, Refusal>> put(std::string_view id, std::string_view json,
                                                const Caller& caller, panels::VersionCondition condition);

 private:
  Task<std::expected<void, Refusal>> load_tools(const panels::Definition& definition);

  panels::Registry& registry_;
  Executions& executions_;
  Automation& automation_;
  panels::Ceiling ceiling_;
};

}  // namespace nexus::server
