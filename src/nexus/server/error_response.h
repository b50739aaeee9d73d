// The HTTP response to a request that is refused.
#pragma once

#include "nexus/metrics/probes.h"
#include "nexus/server/answer.h"
#include "nexus/server/refusal.h"

namespace nexus::server {

// Counts it, and makes `answer` say so.
void refuse(metrics::Probes& probes, Refusal refusal, Answer& answer);

}  // namespace nexus::server
