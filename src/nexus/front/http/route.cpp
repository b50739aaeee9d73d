#include "nexus/front/http/route.h"

#include "nexus/foundation/base/split.h"

namespace nexus::http {
namespace {

void find_panel_route(std::string_view path, Route& route) {
  if (path.ends_with('/')) return;
  route.panel = take_until(path, '/');
  if (route.panel.empty()) return;
  if (path.empty()) {
    route.resource = Resource::kPanel;
  } else if (path == "state") {
    route.resource = Resource::kState;
  } else if (path == "ws") {
    route.resource = Resource::kSocket;
  } else if (take_until(path, '/') == "trigger" && !path.empty() &&
             path.find('/') == std::string_view::npos) {
    route.tool = path;
    route.resource = Resource::kTrigger;
  }
}

// /executions/:id, /suspensions/:id/resume
void find_waiting_route(std::string_view path, Route& route) {
  const std::string_view kind = take_until(path, '/');
  route.id = take_until(path, '/');
  if (route.id.empty()) return;
  if (kind == "executions" && path.empty()) route.resource = Resource::kExecution;
  if (kind == "suspensions" && path == "resume") route.resource = Resource::kResume;
}

}  // namespace

bool is_read(Method method) { return method == Method::get || method == Method::head; }

Route find_route(std::string_view target) {
  constexpr std::string_view kUnderPanels = "/panels/";
  Route route;
  const std::string_view path = take_until(target, '?');
  route.query = target;
  if (path.starts_with(kUnderPanels)) {
    find_panel_route(path.substr(kUnderPanels.size()), route);
  } else if (path == "/panels") {
    route.resource = Resource::kPanels;
  } else if (path == "/health") {
    route.resource = Resource::kHealth;
  } else if (path == "/health/live") {
    route.resource = Resource::kLive;
  } else if (path == "/health/ready") {
    route.resource = Resource::kReady;
  } else if (path == "/metrics") {
    route.resource = Resource::kMetrics;
  } else if (path == "/openapi.json") {
    route.resource = Resource::kDescription;
  } else if (path == "/runtime/memory") {
    route.resource = Resource::kMemory;
  } else if (path == "/executions") {
    route.resource = Resource::kExecutions;
  } else if (path == "/suspensions") {
    route.resource = Resource::kSuspensions;
  } else if ((path.starts_with("/executions/") || path.starts_with("/suspensions/")) &&
             !path.ends_with('/')) {
    find_waiting_route(path.substr(1), route);
  }
  return route;
}

std::string_view allowed_methods(Resource resource) {
  switch (resource) {
    case Resource::kPanels:
      return "GET, HEAD, POST";
    case Resource::kTrigger:
    case Resource::kResume:
      return "POST";
    case Resource::kExecution:
      return "GET, HEAD, DELETE";
    case Resource::kSocket:
      return "GET";
    case Resource::kPanel:
      return "GET, HEAD, PUT, DELETE";
    default:
      return "GET, HEAD";
  }
}

bool is_allowed(Resource resource, Method method) {
  switch (resource) {
    case Resource::kPanels:
      return is_read(method) || method == Method::post;
    case Resource::kTrigger:
    case Resource::kResume:
      return method == Method::post;
    case Resource::kExecution:
      return is_read(method) || method == Method::delete_;
    case Resource::kSocket:
      return method == Method::get;
    case Resource::kPanel:
      return is_read(method) || method == Method::put || method == Method::delete_;
    default:
      return is_read(method);
  }
}

}  // namespace nexus::http
