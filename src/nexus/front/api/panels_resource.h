// /panels, /panels/:id and /panels/:id/state
#pragma once

#include <string_view>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/refusal.h"
#include "nexus/front/http/answer.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/route.h"
#include "nexus/front/http/websocket_upgrade.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/runtime/shard/panel_service.h"

namespace nexus::server {

class PanelsResource {
 public:
  using Outcome = std::expected<void, Refusal>;  // an error says what to refuse the request with

  PanelsResource(const panels::Registry& registry, PanelService& service, metrics::Probes& probes,
                 ProxyTrust trust)
      : registry_(registry), service_(service), probes_(probes), trust_(trust) {}

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

  const panels::Registry& registry_;
  PanelService& service_;
  metrics::Probes& probes_;
  ProxyTrust trust_;
};

}  // namespace nexus::server
