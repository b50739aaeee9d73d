#include "nexus/server/visible_panels.h"

#include "nexus/server/panel_json.h"

namespace nexus::server {
namespace {

constexpr std::size_t kStep = 1000;  // panels that are held at once

}  // namespace

PanelList list_visible_panels(const panels::Registry& registry, const Page& page, const Caller& caller) {
  PanelList list;
  std::string after;
  for (;;) {
    const auto panels = registry.page(after, kStep);
    for (const auto& panel : panels) {
      if (!caller.may_see(panel->id())) continue;
      ++list.total;
      if (panel->id() <= page.after || list.rows.size() > page.limit) continue;
      PanelList::Row& row = list.rows.emplace_back(panel->id(), std::string());
      append_info(row.info_json, *panel, InfoParts::kBrief);
    }
    if (panels.size() < kStep) return list;
    after = panels.back()->id();
  }
}

}  // namespace nexus::server
