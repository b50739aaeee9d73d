// POST /panels, and GET and DELETE of one.
#pragma once

#include <string_view>

#include "nexus/base/clock.h"
#include "nexus/metrics/probes.h"
#include "nexus/panels/registry.h"
#include "nexus/server/answer.h"
#include "nexus/server/panel_creation.h"
#include "nexus/server/request.h"
#include "nexus/server/route.h"

namespace nexus::server {

class PanelsResource {
 public:
  PanelsResource(panels::Registry& registry, PanelCreation& creation, metrics::Probes& probes)
      : registry_(registry), creation_(creation), probes_(probes) {}

  Task<void> create(const Request& request, Answer& answer);
  Result<void> describe(const Route& route, Answer& answer) const;
  Result<void> give_state(const Route& route, Answer& answer) const;
  Result<void> remove(const Route& route, Answer& answer);

 private:
  panels::Registry& registry_;
  PanelCreation& creation_;
  metrics::Probes& probes_;
};

// kPanelNotFound.
Error panel_not_found(std::string_view id);

}  // namespace nexus::server
