#include "nexus/front/api/refuse.h"

namespace nexus::api {

void refuse(metrics::Probes& probes, ErrorResponse refusal, http::Response& response) {
  response.refuse(probes.refused(std::move(refusal.error)), refusal.details_json);
}

}  // namespace nexus::api
