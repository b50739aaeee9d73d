// The HTTP response to a request that is rejected.
#pragma once

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/front/http/response.h"

namespace nexus::api {

// Counts the error, and makes `response` its response.
inline void refuse(metrics::Probes& probes, ErrorResponse refusal, http::Response& response) {
  response.refuse(probes.refused(std::move(refusal.error)), refusal.details_json);
}

}  // namespace nexus::api
