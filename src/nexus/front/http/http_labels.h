// The labels of a request in nexus_http_requests_total.
#pragma once

#include "nexus/foundation/metrics/http_probe.h"
#include "nexus/front/http/request.h"

namespace nexus::http {

// The route is the pattern ("/panels/:id"), never an id; requests outside the table count as "other".
metrics::HttpLabels labels_of(const Request& request, unsigned status);

}  // namespace nexus::http
