#include "nexus/foundation/metrics/handler_use.h"

#include <algorithm>
#include <tuple>

namespace nexus::metrics {
namespace {

std::uint64_t weight(const HandlerUse& use, HandlerOrder order) {
  switch (order) {
    case HandlerOrder::kBytes:
      return std::max(use.p99_bytes, use.held_bytes);
    case HandlerOrder::kTime:
      return use.running_us;
    case HandlerOrder::kCalls:
      return use.executions;
    case HandlerOrder::kHostCalls:
      return use.host_calls;
    case HandlerOrder::kSuspensions:
      return use.suspensions;
    case HandlerOrder::kRefusals:
      return use.refusals;
    case HandlerOrder::kHeld:
      return use.held_bytes;
  }
  return 0;
}

void add_up_by_name(std::vector<HandlerUse>& handlers) {
  std::ranges::sort(handlers, {}, &HandlerUse::name);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < handlers.size(); ++i) {
    if (handlers[i].name == handlers[kept].name) {
      handlers[kept].add(handlers[i]);
    } else if (++kept != i) {
      handlers[kept] = std::move(handlers[i]);
    }
  }
  if (!handlers.empty())
    handlers.erase(handlers.begin() + static_cast<std::ptrdiff_t>(kept) + 1, handlers.end());
}

}  // namespace

void HandlerUse::add(const HandlerUse& other) {
  image_bytes = std::max(image_bytes, other.image_bytes);
  p99_bytes = std::max(p99_bytes, other.p99_bytes);
  high_water_bytes = std::max(high_water_bytes, other.high_water_bytes);
  memory_limit_bytes = std::max(memory_limit_bytes, other.memory_limit_bytes);
  held_bytes += other.held_bytes;
  running += other.running;
  executions += other.executions;
  running_us += other.running_us;
  host_calls += other.host_calls;
  suspensions += other.suspensions;
  refusals += other.refusals;
}

std::vector<HandlerUse> top_handlers(std::vector<HandlerUse> handlers, HandlerOrder order,
                                     std::size_t count) {
  add_up_by_name(handlers);
  // Equal handlers are sorted by name, so that the order is stable.
  std::ranges::sort(handlers, [order](const HandlerUse& a, const HandlerUse& b) {
    const std::uint64_t of_a = weight(a, order), of_b = weight(b, order);
    return std::tie(of_b, b.high_water_bytes, a.name) < std::tie(of_a, a.high_water_bytes, b.name);
  });
  if (handlers.size() > count) handlers.resize(count);
  return handlers;
}

}  // namespace nexus::metrics
