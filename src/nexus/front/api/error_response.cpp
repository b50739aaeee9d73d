#include "nexus/front/api/error_response.h"

namespace nexus::server {

void refuse(metrics::Probes& probes, Refusal refusal, Answer& answer) {
  answer.refuse(probes.refused(std::move(refusal.error)), refusal.details_json);
}

}  // namespace nexus::server
