#include "nexus/front/api/panel_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "nexus/foundation/json/json.h"
#include "nexus/front/api/panel_json.h"

namespace nexus::api {

namespace {

constexpr std::size_t kStep = 1000;  // panels that are read at once

PanelList list_all(const panels::Registry& registry, const Page& page) {
  PanelList list;
  list.total = registry.size();
  for (const auto& panel : registry.page(page.after, page.limit + 1)) {
    PanelList::Row& row = list.rows.emplace_back(panel->id(), std::string());
    append_info(row.info_json, *panel, InfoParts::kBrief);
  }
  return list;
}

PanelList list_visible(const panels::Registry& registry, const Page& page, const Principal& principal) {
  PanelList list;
  std::string after;
  for (;;) {
    const auto panels = registry.page(after, kStep);
    for (const auto& panel : panels) {
      if (!principal.may_see(panel->id())) continue;
      ++list.total;
      if (panel->id() <= page.after || list.rows.size() > page.limit) continue;
      PanelList::Row& row = list.rows.emplace_back(panel->id(), std::string());
      append_info(row.info_json, *panel, InfoParts::kBrief);
    }
    if (panels.size() < kStep) return list;
    after = panels.back()->id();
  }
}

}  // namespace

PanelList list_panels(const panels::Registry& registry, const Page& page, const Principal& principal) {
  return principal.may_see_all() ? list_all(registry, page) : list_visible(registry, page, principal);
}

void append_page(std::string& out, std::span<const PanelList> lists, const Page& page) {
  std::vector<const PanelList::Row*> rows;
  std::size_t total = 0;
  for (const PanelList& list : lists) {
    total += list.total;
    for (const PanelList::Row& row : list.rows)
      rows.push_back(&row);
  }
  std::ranges::sort(rows, {}, [](const PanelList::Row* row) -> const std::string& { return row->id; });
  const bool has_more = rows.size() > page.limit;
  if (has_more) rows.resize(page.limit);

  out += R"({"panels":[)";
  for (const PanelList::Row* row : rows) {
    if (row != rows.front()) out += ',';
    out += row->info_json;
  }
  fmt::format_to(std::back_inserter(out), R"(],"total":{})", total);
  if (has_more) {
    out += R"(,"next":)";
    append_json_string(out, rows.back()->id);
  }
  out += '}';
}

}  // namespace nexus::api
