#include "nexus/panels/registry.h"

#include <fmt/format.h>

#include "nexus/base/ids.h"

namespace nexus::panels {

std::shared_ptr<Panel> MemoryRegistry::find(std::string_view id) const {
  const auto found = panels_.find(id);
  return found == panels_.end() ? nullptr : found->second;
}

Result<std::shared_ptr<Panel>> MemoryRegistry::create(Definition definition) {
  const std::int64_t now_ms = clock_.unix_ms();
  if (definition.id.empty()) definition.id = make_uuid(now_ms);
  if (panels_.contains(definition.id)) {
    return fail(ErrorCode::kPanelExists, fmt::format("there is a panel \"{}\" already", definition.id));
  }
  auto panel = std::make_shared<Panel>(std::move(definition), max_waiting_per_panel_, now_ms);
  panels_.emplace(panel->id(), panel);
  return panel;
}

bool MemoryRegistry::remove(std::string_view id) {
  const auto found = panels_.find(id);
  if (found == panels_.end()) return false;
  const std::shared_ptr<Panel> panel = std::move(found->second);
  panels_.erase(found);
  panel->remove();
  return true;
}

}  // namespace nexus::panels
