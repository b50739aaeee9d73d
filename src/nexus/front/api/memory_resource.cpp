#include "nexus/front/api/memory_resource.h"

#include <array>

#include "nexus/foundation/base/saturating.h"
#include "nexus/foundation/json/json_text.h"
#include "nexus/front/http/query.h"
#include "nexus/runtime/exposition/memory_advice.h"

namespace nexus::api {
namespace {

using exposition::MemoryFacts;

constexpr std::size_t kMostHandlers = 20;

struct Limit {
  std::string_view layer;
  std::uint64_t limit, used, free;
  std::string_view setting;
};

std::string limits_json(const MemoryFacts& facts) {
  const system::MemoryLimits& limits = facts.view.limits;
  std::vector<Limit> all;
  if (limits.container_limit_bytes) {
    const std::uint64_t used = limits.neighbours_bytes + limits.working_set_bytes;
    all.push_back({"container", *limits.container_limit_bytes, used,
                   minus(*limits.container_limit_bytes, used), "the container's memory limit"});
  }
  const std::uint64_t used = exposition::used_bytes(facts);
  all.push_back({"budget", limits.budget_bytes, used,
                 minus(minus(limits.budget_bytes, limits.reserve_bytes), used), "MEMORY_BUDGET_MB"});
  if (limits.machine_total_bytes != 0) {
    all.push_back({"machine", limits.machine_total_bytes,
                   minus(limits.machine_total_bytes, limits.machine_available_bytes),
                   limits.machine_available_bytes, "the machine's memory"});
  }
  return json_array(all, [](const Limit& limit) {
    return JsonObject()
        .add("layer", limit.layer)
        .add("limitBytes", limit.limit)
        .add("usedBytes", limit.used)
        .add("freeBytes", limit.free)
        .add("setting", limit.setting)
        .text();
  });
}

std::string kinds_json(const budget::Accounts& accounts) {
  JsonObject json;
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind)
    json.add(budget::kKindNames[kind], accounts.granted(static_cast<budget::Kind>(kind)));
  return json.text();
}

std::string refusals_json(const metrics::AdmissionProbe& probe) {
  JsonObject json;
  for (std::size_t layer = 0; layer < metrics::kLayers.size(); ++layer)
    json.add(metrics::kLayers[layer], probe.by_layer[layer]);
  return json.text();
}

std::string pool_json(const MemoryFacts& facts, const exposition::Snapshot& sum) {
  return JsonObject()
      .add("max", facts.max_instances)
      .add("active", sum.pool.active)
      .add("idle", sum.pool.idle)
      .add("waiting", sum.pool.waiting)
      .add_json(
          "writeTracking",
          JsonObject().add("protected", facts.tracking.learning).add("copied", facts.tracking.copying).text())
      .text();
}

std::string handler_json(const metrics::HandlerUse& use) {
  return JsonObject()
      .add("name", use.name)
      .add("running", use.running)
      .add("heldBytes", use.held_bytes)
      .add("imageBytes", use.image_bytes)
      .add("p99Bytes", use.p99_bytes)
      .add("highWaterBytes", use.high_water_bytes)
      .add("memoryLimitBytes", use.memory_limit_bytes)
      .add("executions", use.executions)
      .add("runningUs", use.running_us)
      .add("hostCalls", use.host_calls)
      .add("suspensions", use.suspensions)
      .add("refusals", use.refusals)
      .text();
}

std::string_view name_of(diagnostics::Cause cause) {
  static constexpr std::array<std::string_view, 4> kNames{"unknown", "container", "machine", "other"};
  return kNames[static_cast<std::size_t>(cause)];
}

std::string unclean_json(const exposition::UncleanNotice& notice) {
  return JsonObject()
      .add("cause", name_of(notice.cause))
      .add_json("lines", json_array(notice.lines, json_string))
      .text();
}

}  // namespace

std::expected<metrics::HandlerOrder, ErrorResponse> handler_order_of(std::string_view query) {
  const auto sort = http::find_parameter(query, "sort");
  if (!sort) return std::unexpected(sort.error());
  if (!*sort) return metrics::HandlerOrder::kBytes;
  for (const auto& [word, order] : metrics::kHandlerOrders) {
    if (word == **sort) return order;
  }
  return std::unexpected(
      refuse_part("sort", "must be bytes, time, calls, host-calls, suspensions or refusals"));
}

void append_memory(std::string& out, const MemoryFacts& facts, const exposition::Snapshot& sum,
                   metrics::HandlerOrder order) {
  using metrics::HandlerOrder;
  const auto all = metrics::top_handlers(sum.handlers, HandlerOrder::kBytes, SIZE_MAX);
  const auto top = metrics::top_handlers(all, order, kMostHandlers);
  const system::MemoryLimits& limits = facts.view.limits;
  out += JsonObject()
             .add_json("limits", limits_json(facts))
             .add_json("pool", pool_json(facts, sum))
             .add("reserveBytes", limits.reserve_bytes)
             .add("grantableBytes", limits.grantable_bytes)
             .add("grantedBytes", facts.ledger.accounts.granted())
             .add("unaccountedBytes", facts.view.unaccounted_bytes)
             .add("residentBytes", facts.view.resident_bytes)
             .add_json("kinds", kinds_json(facts.ledger.accounts))
             .add_json("refusals", refusals_json(sum.probes.admission))
             .add_json("handlers", json_array(top, handler_json))
             .add_json("advice",
                       json_array(exposition::memory_advice(facts, sum.probes.admission, all), json_string))
             .add_json("uncleanExits", json_array(facts.unclean_exits, unclean_json))
             .text();
}

}  // namespace nexus::api
