#include "nexus/server/health_resource.h"

#include <fmt/format.h>

#include <iterator>

#include "nexus/metrics/report.h"
#include "nexus/sandbox/json.h"

namespace nexus::server {

void HealthResource::report(Stage stage, Answer& answer) const {
  std::string reason;
  if (stage != Stage::kServing) {
    reason = stage == Stage::kDraining ? "shutting down" : "starting";
  } else if (const auto waiting = pool_.waiting_count(); waiting > 0) {
    reason = fmt::format("{} executions wait for an instance (MAX_INSTANCES)", waiting);
  }
  std::string& body = answer.body();
  const auto out = std::back_inserter(body);
  fmt::format_to(out, R"({{"status":"{}")", reason.empty() ? "healthy" : "degraded");
  if (!reason.empty()) {
    body += R"(,"reason":)";
    sandbox::append_json_string(body, reason);
  }
  fmt::format_to(out, R"(,"version":"{}","uptime":{},"panels":{{"active":{},"suspended":0}},"runtime":{{)",
                 version_, (clock_.monotonic_us() - started_us_) / 1000, registry_.size());
  fmt::format_to(
      out, R"("activeInstances":{},"availableInstances":{},"cacheHitRate":{:.4},"memoryBytes":{}}}}})",
      pool_.active_count(), pool_.available_count(), metrics::hit_rate(cache_.stats()), pool_.total_memory());
}

void HealthResource::live(Answer& answer) const { answer.body() += R"({"status":"live"})"; }

void HealthResource::ready(Stage stage, Answer& answer) const {
  if (stage == Stage::kServing) {
    answer.body() += R"({"status":"ready"})";
    return;
  }
  answer.refuse(
      {.code = ErrorCode::kShuttingDown,
       .message = stage == Stage::kDraining ? "the server is shutting down" : "the server is starting"});
}

}  // namespace nexus::server
