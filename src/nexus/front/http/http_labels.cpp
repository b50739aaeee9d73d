#include "nexus/front/http/http_labels.h"

#include "nexus/front/http/route.h"

namespace nexus::http {
namespace {

std::string_view pattern_of(Resource resource) {
  switch (resource) {
    case Resource::kPanels:
      return "/panels";
    case Resource::kPanel:
      return "/panels/:id";
    case Resource::kState:
      return "/panels/:id/state";
    case Resource::kTrigger:
      return "/panels/:id/trigger/:tool";
    case Resource::kSocket:
      return "/panels/:id/ws";
    case Resource::kHealth:
      return "/health";
    case Resource::kLive:
      return "/health/live";
    case Resource::kReady:
      return "/health/ready";
    case Resource::kMetrics:
      return "/metrics";
    case Resource::kMemory:
      return "/runtime/memory";
    case Resource::kExecutions:
      return "/executions";
    case Resource::kExecution:
      return "/executions/:id";
    case Resource::kSuspensions:
      return "/suspensions";
    case Resource::kResume:
      return "/suspensions/:id/resume";
    case Resource::kDescription:
      return "/openapi.json";
    case Resource::kUnknown:
      break;
  }
  return metrics::kOther;
}

std::string_view name_of(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::delete_:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    default:
      return metrics::kOther;
  }
}

}  // namespace

metrics::HttpLabels labels_of(const Request& request, unsigned status) {
  return {.route = pattern_of(find_route(request.target).resource),
          .method = name_of(request.method),
          .code = status};
}

}  // namespace nexus::http
