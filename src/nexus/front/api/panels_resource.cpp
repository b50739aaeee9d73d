#include "nexus/front/api/panels_resource.h"

#include <fmt/format.h>

#include <iterator>

#include "nexus/foundation/json/json.h"
#include "nexus/front/api/panel_json.h"
#include "nexus/front/api/parameters.h"
#include "nexus/front/api/refuse.h"
#include "nexus/front/auth/authorizer.h"
#include "nexus/front/http/etag.h"
#include "nexus/runtime/executions/tool_calls.h"

namespace nexus::api {
namespace {

enum class Freshness : bool { kNew, kUnchanged };

// Adds the ETag. Unchanged: the client has this version, and the response is 304.
Freshness tag(const panels::Panel& panel, const http::Request& request, http::Response& response) {
  response.add_header("ETag", http::etag_of(panel.version()));
  if (!has_already(request, panel.version())) return Freshness::kNew;
  response.set_status(304);
  return Freshness::kUnchanged;
}

std::unexpected<ErrorResponse> not_found(std::string_view id) {
  return std::unexpected(ErrorResponse{executions::panel_not_found(id)});
}

}  // namespace

// Responds with a panel that was created or replaced.
void PanelsResource::describe_change(const panels::Panel& panel, const http::Request& request,
                                     http::Response& response) const {
  response.add_header("ETag", http::etag_of(panel.version()));
  std::string& body = response.body();
  fmt::format_to(std::back_inserter(body), R"({{"id":"{}","status":"{}","wsUrl":)", panel.id(), kActive);
  append_json_string(body, ws_url(request, panel.id(), trust_));
  body += '}';
}

void PanelsResource::describe_creation(const panels::Panel& panel, const http::Request& request,
                                       http::Response& response) const {
  response.set_status(201);
  response.add_header("Location", "/panels/" + panel.id());
  describe_change(panel, request, response);
}

PanelsResource::Outcome PanelsResource::describe(const http::Request& request,
                                                 http::Response& response) const {
  const auto include = include_of(request.query());
  if (!include) return std::unexpected(include.error());
  const auto panel = registry_.find(request.name(0));
  if (!panel) return not_found(request.name(0));
  if (tag(*panel, request, response) == Freshness::kUnchanged) return {};
  append_info(response.body(), *panel,
              *include == Include::kHandlers ? InfoParts::kDefinitions : InfoParts::kState,
              ws_url(request, panel->id(), trust_));
  return {};
}

PanelsResource::Outcome PanelsResource::give_state(const http::Request& request,
                                                   http::Response& response) const {
  const auto panel = registry_.find(request.name(0));
  if (!panel) return not_found(request.name(0));
  if (tag(*panel, request, response) == Freshness::kUnchanged) return {};
  response.body() += panel->state().to_json();
  return {};
}

PanelsResource::Outcome PanelsResource::remove(const http::Request& request, http::Response& response) {
  const auto removed = service_.remove(request.name(0), condition_of(request));
  if (!removed) return std::unexpected(ErrorResponse{removed.error()});
  response.set_status(204);
  return {};
}

Task<void> PanelsResource::create(const http::Request& request, http::Response& response) {
  const auto created = co_await service_.create(request.body, auth::principal_of(request), {});
  if (!created) co_return refuse(probes_, created.error(), response);
  describe_creation(**created, request, response);
}

Task<void> PanelsResource::put(const http::Request& request, http::Response& response) {
  const std::string id(request.name(0));
  const auto put =
      co_await service_.put(id, request.body, auth::principal_of(request), condition_of(request));
  if (!put) co_return refuse(probes_, put.error(), response);
  if (put->how == panels::Put::How::kCreated) co_return describe_creation(*put->panel, request, response);
  describe_change(*put->panel, request, response);
}

}  // namespace nexus::api
