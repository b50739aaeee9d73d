#include "nexus/front/api/health_resource.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "nexus/foundation/json/json.h"
#include "nexus/runtime/exposition/report.h"

namespace nexus::api {

namespace {

// The reason text of each layer, except of the panel: a full panel concerns only its callers.
constexpr auto kWhy = std::to_array<std::string_view>({
    "the container's memory is used up (see /runtime/memory)",
    "the budget is used up (MEMORY_BUDGET_MB; see /runtime/memory)",
    "all instances are in use (MAX_INSTANCES)",
});
static_assert(metrics::kLayers[0] == "container" && metrics::kLayers[1] == "budget" &&
              metrics::kLayers[2] == "pool");

std::string why_degraded(shard::Stage stage, const exposition::Snapshot& sum, std::int64_t now_ms) {
  if (stage != shard::Stage::kServing) return stage == shard::Stage::kStarting ? "starting" : "shutting down";
  for (std::size_t layer = 0; layer < kWhy.size(); ++layer) {
    if (sum.probes.admission.is_refusing(layer, now_ms))
      return fmt::format("requests are refused: {}", kWhy[layer]);
  }
  const metrics::InProgress& in_progress = sum.probes.in_progress;
  if (in_progress.without_memory > 0)
    return fmt::format("{} executions wait for memory (see /runtime/memory)", in_progress.without_memory);
  if (sum.pool.waiting > 0)
    return fmt::format("{} executions wait for an instance (MAX_INSTANCES)", sum.pool.waiting);
  return {};
}

}  // namespace

void HealthResource::report(shard::Stage stage, const exposition::Snapshot& sum,
                            http::Response& response) const {
  const std::string reason = why_degraded(stage, sum, clock_.monotonic_ms());
  std::string& body = response.body();
  const auto out = std::back_inserter(body);
  fmt::format_to(out, R"({{"status":"{}")", reason.empty() ? "healthy" : "degraded");
  if (!reason.empty()) {
    body += R"(,"reason":)";
    append_json_string(body, reason);
  }
  fmt::format_to(out, R"(,"version":"{}","uptime":{},"panels":{{"active":{},"suspended":{}}},"runtime":{{)",
                 version_, (clock_.monotonic_us() - started_us_) / 1000, sum.panels,
                 sum.probes.in_progress.suspended + sum.probes.in_progress.hibernated);
  fmt::format_to(out,
                 R"("activeInstances":{},"availableInstances":{},"cacheHitRate":{:.4},"memoryBytes":{}}}}})",
                 sum.pool.active, sum.pool.idle, exposition::hit_rate(sum.cache), sum.pool.memory_bytes);
}

void HealthResource::live(http::Response& response) const { response.body() += R"({"status":"live"})"; }

void HealthResource::ready(shard::Stage stage, http::Response& response) const {
  if (stage == shard::Stage::kServing) {
    response.body() += R"({"status":"ready"})";
    return;
  }
  response.refuse({.code = ErrorCode::kShuttingDown,
                   .message = stage == shard::Stage::kStarting
                                  ? std::string("the server is starting")
                                  : std::string(text_of(EndReason::kServerShutdown))});
}

}  // namespace nexus::api
