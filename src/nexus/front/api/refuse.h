// The HTTP response to a request that is refused.
#pragma once

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/front/http/response.h"

namespace nexus::api {

// Counts it, and makes `response` say so.
void refuse(metrics::Probes& probes, ErrorResponse refusal, http::Response& response);

}  // namespace nexus::api
