// The HTTP response to a request that is refused.
#pragma once

#include "nexus/foundation/metrics/probes.h"
#include "nexus/foundation/model/refusal.h"
#include "nexus/front/http/answer.h"

namespace nexus::api {

// Counts it, and makes `answer` say so.
void refuse(metrics::Probes& probes, Refusal refusal, http::Answer& answer);

}  // namespace nexus::api
