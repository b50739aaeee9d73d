#include "nexus/front/auth/cors.h"

namespace nexus::auth {
namespace {

constexpr std::string_view kAllowedHeaders =
    "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Prefer, traceparent, tracestate";
constexpr std::string_view kExposedHeaders =
    "ETag, Location, Nexus-Api-Version, Nexus-Execution-Id, Nexus-Execution-Status, Preference-Applied, "
    "Retry-After, WWW-Authenticate";
constexpr std::string_view kMaxAgeSeconds = "7200";  // Chromium remembers for no longer

}  // namespace

bool is_preflight(const http::Request& request) {
  return request.method == http::Method::options && !request.origin.empty() && request.has_requested_method;
}

void answer_preflight(std::string_view methods, http::Answer& answer) {
  answer.set_status(204);
  answer.add_header("Access-Control-Allow-Methods", methods);
  answer.add_header("Access-Control-Allow-Headers", kAllowedHeaders);
  answer.add_header("Access-Control-Max-Age", kMaxAgeSeconds);
}

void add_cors_headers(const CallerRule& rule, const http::Request& request, http::Answer& answer) {
  if (!rule.allows_origins()) return;
  answer.add_header("Vary", "Origin");
  if (rule.kind_of(request.origin, request.host) != OriginKind::kAllowed) return;
  answer.add_header("Access-Control-Allow-Origin", request.origin);
  if (!is_preflight(request)) answer.add_header("Access-Control-Expose-Headers", kExposedHeaders);
}

}  // namespace nexus::auth
