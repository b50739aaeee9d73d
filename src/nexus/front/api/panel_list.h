// GET /panels: the panels of one loop, or of several, sorted by id.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nexus/foundation/model/principal.h"
#include "nexus/front/api/parameters.h"
#include "nexus/runtime/panels/registry.h"

namespace nexus::api {

// One registry's contribution to a page. It is made on the registry's loop and is a plain value afterwards.
struct PanelList {
  struct Row {
    std::string id;
    std::string info_json;
  };
  std::vector<Row> rows;  // sorted by id; one row more than fits if there are more
  std::size_t total = 0;  // of all panels that the caller may see
};

// Lists panels that the caller may see. For a token with a list of panels this reads all panels of the registry.
PanelList list_panels(const panels::Registry& registry, const Page& page, const Principal& principal);

// Appends the merged `{panels, total, next?}`. REQUIRES: each list was made for `page`.
void append_page(std::string& out, std::span<const PanelList> lists, const Page& page);

}  // namespace nexus::api
