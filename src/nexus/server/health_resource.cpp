#include "nexus/server/health_resource.h"

#include <fmt/format.h>

#include <iterator>

#include "nexus/metrics/report.h"
#include "nexus/sandbox/json.h"

namespace nexus::server {

void HealthResource::report(Stage stage, const metrics::Snapshot& sum, Answer& answer) const {
  std::string reason;
  if (stage != Stage::kServing) {
    reason = stage == Stage::kStarting ? "starting" : "shutting down";
  } else if (sum.probes.under_way.without_memory > 0) {
    reason = fmt::format("{} executions wait for memory (see /runtime/memory)",
                         sum.probes.under_way.without_memory);
  } else if (sum.pool.waiting > 0) {
    reason = fmt::format("{} executions wait for an instance (MAX_INSTANCES)", sum.pool.waiting);
  }
  std::string& body = answer.body();
  const auto out = std::back_inserter(body);
  fmt::format_to(out, R"({{"status":"{}")", reason.empty() ? "healthy" : "degraded");
  if (!reason.empty()) {
    body += R"(,"reason":)";
    sandbox::append_json_string(body, reason);
  }
  fmt::format_to(out, R"(,"version":"{}","uptime":{},"panels":{{"active":{},"suspended":0}},"runtime":{{)",
                 version_, (clock_.monotonic_us() - started_us_) / 1000, sum.panels);
  fmt::format_to(out,
                 R"("activeInstances":{},"availableInstances":{},"cacheHitRate":{:.4},"memoryBytes":{}}}}})",
                 sum.pool.active, sum.pool.idle, metrics::hit_rate(sum.cache), sum.pool.memory_bytes);
}

void HealthResource::live(Answer& answer) const { answer.body() += R"({"status":"live"})"; }

void HealthResource::ready(Stage stage, Answer& answer) const {
  if (stage == Stage::kServing) {
    answer.body() += R"({"status":"ready"})";
    return;
  }
  answer.refuse(
      {.code = ErrorCode::kShuttingDown,
       .message = stage == Stage::kStarting ? "the server is starting" : "the server is shutting down"});
}

}  // namespace nexus::server
