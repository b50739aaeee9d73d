// GET /panels: the panels of one loop, or of several, by id.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nexus/foundation/model/principal.h"
#include "nexus/front/api/parameters.h"
#include "nexus/runtime/panels/registry.h"

namespace nexus::api {

// What one registry has for a page; made on its loop, and a value from then on.
struct PanelList {
  struct Row {
    std::string id;
    std::string info_json;
  };
  std::vector<Row> rows;  // by id, and one more than the page can hold when there are so many
  std::size_t total = 0;  // of all its panels
};

// Of the panels that the caller may see, and the total is of these: for a token that is for some panels only, all are looked
// at.
PanelList list_panels(const panels::Registry& registry, const Page& page, const Principal& principal);

// Appends `{panels, total, next?}` of what all registries have. REQUIRES: each list was made for `page`.
void append_page(std::string& out, std::span<const PanelList> lists, const Page& page);

}  // namespace nexus::api
