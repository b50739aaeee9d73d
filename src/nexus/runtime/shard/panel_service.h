// Creates, replaces and removes panels.
#pragma once

#include <expected>
#include <memory>
#include <string_view>

#include "nexus/foundation/model/error_response.h"
#include "nexus/foundation/model/principal.h"
#include "nexus/runtime/executions/executions.h"
#include "nexus/runtime/loop/loop.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/runtime/subscribers/subscribers.h"
#include "nexus/runtime/triggers/scheduler.h"

namespace nexus::shard {

// A panel is created or replaced only after all its tools have been loaded. Other requests may change or remove the
// panel meanwhile; the registry checks the condition again at the end.
//
// Thread safety: none; it belongs to one loop.
class PanelService {
 public:
  PanelService(panels::Registry& registry, executions::Executions& executions, triggers::Scheduler& scheduler,
               subscribers::Subscribers& subscribers, panels::Ceiling ceiling)
      : registry_(registry),
        executions_(executions),
        scheduler_(scheduler),
        subscribers_(subscribers),
        ceiling_(std::move(ceiling)) {}

  // Fails with kForbidden when a trigger follows a panel that the caller may not see; kInvalidRequest and
  // kCapabilityNotAllowed with the errors by path; kCompilationError with the errors by tool; kPanelExists; and the
  // errors of the pool. REQUIRES: `json` is valid until the coroutine is done.
  Task<std::expected<std::shared_ptr<panels::Panel>, ErrorResponse>> create(std::string_view json,
                                                                            const Principal& principal,
                                                                            panels::HandlerFiles files);
  // Creates the panel `id`, or replaces all of it but its state. Fails as create() does, with kPreconditionFailed in
  // place of kPanelExists. REQUIRES: `json`, `id` and `principal` are valid until the coroutine is done.
  Task<std::expected<panels::Put, ErrorResponse>> put(std::string_view id, std::string_view json,
                                                      const Principal& principal, VersionCondition condition);
  // Removes the panel, its triggers and its executions. kPanelNotFound, kPreconditionFailed.
  Result<void> remove(std::string_view id, const VersionCondition& condition);

 private:
  Task<std::expected<void, ErrorResponse>> load_tools(const panels::Definition& definition);

  panels::Registry& registry_;
  executions::Executions& executions_;
  triggers::Scheduler& scheduler_;
  subscribers::Subscribers& subscribers_;
  panels::Ceiling ceiling_;
};

}  // namespace nexus::shard
