#include "nexus/front/api/error_response.h"

namespace nexus::api {

void refuse(metrics::Probes& probes, Refusal refusal, http::Response& response) {
  response.refuse(probes.refused(std::move(refusal.error)), refusal.details_json);
}

}  // namespace nexus::api
