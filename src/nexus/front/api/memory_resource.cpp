#include "nexus/front/api/memory_resource.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

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
    return fmt::format(R"({{"layer":"{}","limitBytes":{},"usedBytes":{},"freeBytes":{},"setting":"{}"}})",
                       limit.layer, limit.limit, limit.used, limit.free, limit.setting);
  });
}

std::string kinds_json(const budget::Accounts& accounts) {
  std::string json = "{";
  for (std::size_t kind = 0; kind < budget::kKindCount; ++kind) {
    json += fmt::format(R"({}"{}":{})", kind == 0 ? "" : ",", budget::kKindNames[kind],
                        accounts.granted(static_cast<budget::Kind>(kind)));
  }
  return json + '}';
}

std::string refusals_json(const metrics::AdmissionProbe& probe) {
  std::string json = "{";
  for (std::size_t layer = 0; layer < metrics::kLayers.size(); ++layer)
    json +=
        fmt::format(R"({}"{}":{})", layer == 0 ? "" : ",", metrics::kLayers[layer], probe.by_layer[layer]);
  return json + '}';
}

std::string handler_json(const metrics::HandlerUse& use) {
  return fmt::format(
      R"({{"name":{},"running":{},"heldBytes":{},"imageBytes":{},"p99Bytes":{},"highWaterBytes":{},"memoryLimitBytes":{},"executions":{},"runningUs":{},"hostCalls":{},"suspensions":{},"refusals":{}}})",
      json_string(use.name), use.running, use.held_bytes, use.image_bytes, use.p99_bytes,
      use.high_water_bytes, use.memory_limit_bytes, use.executions, use.running_us, use.host_calls,
      use.suspensions, use.refusals);
}

std::string_view name_of(diagnostics::Cause cause) {
  switch (cause) {
    case diagnostics::Cause::kContainerMemory:
      return "container";
    case diagnostics::Cause::kMachineMemory:
      return "machine";
    case diagnostics::Cause::kOther:
      return "other";
    case diagnostics::Cause::kUnknown:
      break;
  }
  return "unknown";
}

std::string unclean_json(const exposition::UncleanNotice& notice) {
  return fmt::format(R"({{"cause":"{}","lines":{}}})", name_of(notice.cause),
                     json_array(notice.lines, json_string));
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
  fmt::format_to(
      std::back_inserter(out),
      R"({{"limits":{},"pool":{{"max":{},"active":{},"idle":{},"waiting":{},"writeTracking":{{"protected":{},"copied":{}}}}},"reserveBytes":{},"grantableBytes":{},"grantedBytes":{},"unaccountedBytes":{},"residentBytes":{},"kinds":{},"refusals":{},"handlers":{},"advice":{},"uncleanExits":{}}})",
      limits_json(facts), facts.max_instances, sum.pool.active, sum.pool.idle, sum.pool.waiting,
      facts.tracking.learning, facts.tracking.copying, limits.reserve_bytes, limits.grantable_bytes,
      facts.ledger.accounts.granted(), facts.view.unaccounted_bytes, facts.view.resident_bytes,
      kinds_json(facts.ledger.accounts), refusals_json(sum.probes.admission), json_array(top, handler_json),
      json_array(exposition::memory_advice(facts, sum.probes.admission, all), json_string),
      json_array(facts.unclean_exits, unclean_json));
}

}  // namespace nexus::api
