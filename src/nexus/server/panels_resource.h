// /panels, /panels/:id and /panels/:id/state
#pragma once

#include <string_view>

#include "nexus/metrics/probes.h"
#include "nexus/panels/registry.h"
#include "nexus/server/answer.h"
#include "nexus/server/audience.h"
#include "nexus/server/panel_creation.h"
#include "nexus/server/refusal.h"
#include "nexus/server/request.h"
#include "nexus/server/route.h"
#include "nexus/server/websocket_upgrade.h"

namespace nexus::server {

class PanelsResource {
 public:
  using Outcome = std::expected<void, Refusal>;  // an error says what to refuse the request with

  PanelsResource(panels::Registry& registry, PanelCreation& creation, metrics::Probes& probes,
                 Audience& audience, ProxyTrust trust)
      : registry_(registry), creation_(creation), probes_(probes), audience_(audience), trust_(trust) {}

  Outcome describe(const Route& route, const Request& request, Answer& answer) const;
  Outcome give_state(const Route& route, const Request& request, Answer& answer) const;
  Outcome remove(const Route& route, const Request& request, Answer& answer);
  // These two have refused the request themselves when they are done. They begin when they are awaited, and the route of
  // whoever made them is gone by then.
  Task<void> create(const Request& request, Answer& answer);
  Task<void> put(Route route, const Request& request, Answer& answer);

 private:
  void describe_change(const panels::Panel& panel, const Request& request, Answer& answer) const;
  void describe_creation(const panels::Panel& panel, const Request& request, Answer& answer) const;

  panels::Registry& registry_;
  PanelCreation& creation_;
  metrics::Probes& probes_;
  Audience& audience_;
  ProxyTrust trust_;
};

// kPanelNotFound.
Error panel_not_found(std::string_view id);

}  // namespace nexus::server
