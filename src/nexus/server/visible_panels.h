// GET /panels for a caller whose token is for some panels only.
#pragma once

#include "nexus/panels/registry.h"
#include "nexus/server/caller.h"
#include "nexus/server/panel_list.h"

namespace nexus::server {

// As list_panels(), of those that the caller may see: the total too is of these. All panels are looked at.
PanelList list_visible_panels(const panels::Registry& registry, const Page& page, const Caller& caller);

}  // namespace nexus::server
