#include "nexus/runtime/panels/registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

#include "nexus/foundation/base/ids.h"
#include "nexus/runtime/panels/footprint.h"

namespace nexus::panels {

Result<void> check(const VersionCondition& condition, const Panel* panel, std::string_view id) {
  if (panel == nullptr) {
    if (condition.holds(std::nullopt)) return {};
    return fail(ErrorCode::kPreconditionFailed, fmt::format("there is no panel \"{}\" that could match", id));
  }
  if (condition.holds(panel->version())) return {};
  return fail(ErrorCode::kPreconditionFailed,
              fmt::format("panel \"{}\" exists, and its version is {}", id, panel->version()));
}

std::shared_ptr<Panel> MemoryRegistry::find(std::string_view id) const {
  const auto found = panels_.find(id);
  return found == panels_.end() ? nullptr : found->second;
}

// Takes about as many attempts as there are loops.
std::string MemoryRegistry::new_id() const {
  for (;;) {
    std::string id = make_uuid(clock_.unix_ms());
    if (!may_have_ || may_have_(id)) return id;
  }
}

Result<std::shared_ptr<Panel>> MemoryRegistry::add(Definition definition) {
  NEXUS_TRY(auto held,
            ledger_.grant(budget::Kind::kServer, footprint(definition.initial_state), budget::Need::kGrowth));
  NEXUS_TRY(definition.held,
            ledger_.grant(budget::Kind::kServer, footprint(definition), budget::Need::kGrowth));
  auto panel = std::make_shared<Panel>(std::move(definition), first_version_, max_waiting_per_panel_,
                                       clock_.unix_ms(), std::move(held));
  const auto [entry, is_new] = panels_.emplace(panel->id(), panel);
  assert(is_new);
  ids_.insert(entry->first);
  return panel;
}

Result<std::shared_ptr<Panel>> MemoryRegistry::create(Definition definition) {
  if (definition.id.empty()) definition.id = new_id();
  if (panels_.contains(definition.id)) {
    return fail(ErrorCode::kPanelExists, fmt::format("there is a panel \"{}\" already", definition.id));
  }
  return add(std::move(definition));
}

Result<Put> MemoryRegistry::put(Definition definition, const VersionCondition& condition) {
  const std::shared_ptr<Panel> panel = find(definition.id);
  if (const auto held = check(condition, panel.get(), definition.id); !held)
    return std::unexpected(held.error());
  if (!panel) {
    NEXUS_TRY(auto created, add(std::move(definition)));
    return Put{std::move(created), Put::How::kCreated};
  }
  NEXUS_TRY(definition.held,
            ledger_.grant(budget::Kind::kServer, footprint(definition), budget::Need::kGrowth));
  panel->replace(std::move(definition), clock_.unix_ms());
  return Put{panel, Put::How::kReplaced};
}

Result<void> MemoryRegistry::remove(std::string_view id, const VersionCondition& condition) {
  const auto found = panels_.find(id);
  if (found == panels_.end())
    return fail(ErrorCode::kPanelNotFound, fmt::format("there is no panel \"{}\"", id));
  if (auto held = check(condition, found->second.get(), id); !held) return held;
  const std::shared_ptr<Panel> panel = std::move(found->second);
  ids_.erase(found->first);
  panels_.erase(found);
  first_version_ = std::max(first_version_, panel->version() + 1);
  panel->remove();
  return {};
}

std::vector<std::shared_ptr<Panel>> MemoryRegistry::page(std::string_view after, std::size_t most) const {
  std::vector<std::shared_ptr<Panel>> panels;
  panels.reserve(std::min(most, ids_.size()));
  for (auto id = ids_.upper_bound(after); id != ids_.end() && panels.size() < most; ++id)
    panels.push_back(find(*id));
  return panels;
}

}  // namespace nexus::panels
