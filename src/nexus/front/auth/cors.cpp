#include "nexus/front/auth/cors.h"

namespace nexus::auth {
namespace {

constexpr std::string_view kAllowedHeaders =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, traceparent, tracestate";
constexpr std::string_view kExposedHeaders =
    "ETag, Location, Nexus-Api-Version, Nexus-Execution-Id, Nexus-Execution-Status, Preference-Applied, "
    "Retry-After, WWW-Authenticate";
constexpr std::string_view kMaxAgeSeconds = "7200";  // the most that Chromium accepts

}  // namespace

bool is_preflight(const http::Request& request) {
  return request.method == http::Method::options && !request.origin.empty() && request.has_requested_method;
}

void respond_to_preflight(std::string_view methods, http::Response& response) {
  response.set_status(204);
  response.add_header("Access-Control-Allow-Methods", methods);
  response.add_header("Access-Control-Allow-Headers", kAllowedHeaders);
  response.add_header("Access-Control-Max-Age", kMaxAgeSeconds);
}

void add_cors_headers(const OriginPolicy& policy, const http::Request& request, http::Response& response) {
  if (!policy.allows_origins()) return;
  response.add_header("Vary", "Origin");
  if (policy.kind_of(request.origin, request.host) != OriginKind::kAllowed) return;
  response.add_header("Access-Control-Allow-Origin", request.origin);
  if (!is_preflight(request)) response.add_header("Access-Control-Expose-Headers", kExposedHeaders);
}

}  // namespace nexus::auth
