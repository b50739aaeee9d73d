// The HTTP response to a request that is rejected.
#pragma once

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/error_response.h"
#include "nexus/front/http/response.h"

namespace nexus::api {

// Counts the error, and makes `response` its response.
void refuse(metrics::Probes& probes, ErrorResponse refusal, http::Response& response);

}  // namespace nexus::api
