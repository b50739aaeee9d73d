// /panels, /panels/:id and /panels/:id/state
#pragma once

#include <string_view>

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/front/http/request.h"
#include "nexus/front/http/response.h"
#include "nexus/front/http/websocket_upgrade.h"
#include "nexus/runtime/panels/registry.h"
#include "nexus/runtime/shard/panel_service.h"

namespace nexus::api {

class PanelsResource {
 public:
  using Outcome = std::expected<void, ErrorResponse>;  // an error is the response to the request

  PanelsResource(const panels::Registry& registry, shard::PanelService& service, metrics::Probes& probes,
                 http::ProxyTrust trust)
      : registry_(registry), service_(service), probes_(probes), trust_(trust) {}

  Outcome describe(const http::Request& request, http::Response& response) const;
  Outcome give_state(const http::Request& request, http::Response& response) const;
  Outcome remove(const http::Request& request, http::Response& response);
  // When these coroutines have ended, they have responded, also to a request that they rejected.
  Task<void> create(const http::Request& request, http::Response& response);
  Task<void> put(const http::Request& request, http::Response& response);

 private:
  void describe_change(const panels::Panel& panel, const http::Request& request,
                       http::Response& response) const;
  void describe_creation(const panels::Panel& panel, const http::Request& request,
                         http::Response& response) const;

  const panels::Registry& registry_;
  shard::PanelService& service_;
  metrics::Probes& probes_;
  http::ProxyTrust trust_;
};

}  // namespace nexus::api
