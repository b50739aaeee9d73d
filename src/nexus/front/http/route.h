// From a request's target to what it is about.
#pragma once

#include <cstdint>
#include <string_view>

#include "nexus/front/http/request.h"

namespace nexus::http {

enum class Resource : std::uint8_t {
  kUnknown,
  kPanels,       // /panels
  kPanel,        // /panels/:id
  kState,        // /panels/:id/state
  kTrigger,      // /panels/:id/trigger/:tool
  kSocket,       // /panels/:id/ws
  kHealth,       // /health
  kLive,         // /health/live
  kReady,        // /health/ready
  kMetrics,      // /metrics
  kMemory,       // /runtime/memory
  kExecutions,   // /executions
  kExecution,    // /executions/:id
  kSuspensions,  // /suspensions
  kResume,       // /suspensions/:id/resume
  kDescription,  // /openapi.json
};

struct Route {
  Resource resource = Resource::kUnknown;
  std::string_view panel, tool;  // into the target
  std::string_view id;           // of an execution or a suspension
  std::string_view query;        // without "?"
};

// REQUIRES: a target in normal form.
Route find_route(std::string_view target);

// For the Allow header: "GET, HEAD".
std::string_view allowed_methods(Resource resource);
bool is_allowed(Resource resource, Method method);
bool is_read(Method method);  // GET, HEAD

}  // namespace nexus::http
