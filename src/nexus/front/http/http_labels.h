// How a request is counted in nexus_http_requests_total.
#pragma once

#include "nexus/foundation/metrics/http_probe.h"
#include "nexus/front/http/request.h"

namespace nexus::http {

// The route as a pattern ("/panels/:id"), so that no id is ever a label; what is not ours is "other".
metrics::HttpLabels labels_of(const Request& request, unsigned status);

}  // namespace nexus::http
