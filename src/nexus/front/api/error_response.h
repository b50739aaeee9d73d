// The HTTP response to a request that is refused.
#pragma once

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/refusal.h"
#include "nexus/front/http/response.h"

namespace nexus::api {

// Counts it, and makes `response` say so.
void refuse(metrics::Probes& probes, Refusal refusal, http::Response& response);

}  // namespace nexus::api
