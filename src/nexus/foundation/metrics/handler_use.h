// Resources that the executions of one handler have used. Values of several loops can be added.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nexus::metrics {

struct HandlerUse {
  std::string name;  // "panel/tool"
  // Bytes of linear memory, untouched pages included: the limit is compared with these.
  std::uint64_t image_bytes = 0;         // at the start of each execution; 0: unknown
  std::uint64_t p99_bytes = 0;           // 99 of 100 recent executions needed at most this, image included
  std::uint64_t high_water_bytes = 0;    // the most that any execution has needed
  std::uint64_t held_bytes = 0;          // granted now to running executions
  std::uint64_t running = 0;             // executions, without those that have just begun
  std::uint64_t memory_limit_bytes = 0;  // of one execution
  std::uint64_t executions = 0;          // ended since the handler was loaded, like all counts below
  std::uint64_t running_us = 0;
  std::uint64_t host_calls = 0;
  std::uint64_t suspensions = 0;
  std::uint64_t refusals = 0;  // for lack of memory

  // Adds the counts and keeps the highest of each byte figure. REQUIRES: `other` has the same name.
  void add(const HandlerUse& other);
};

enum class HandlerOrder : std::uint8_t { kBytes, kTime, kCalls, kHostCalls, kSuspensions, kRefusals, kHeld };

// The orders that a client can ask for, with their words.
inline constexpr auto kHandlerOrders = std::to_array<std::pair<std::string_view, HandlerOrder>>({
    {"bytes", HandlerOrder::kBytes},
    {"time", HandlerOrder::kTime},
    {"calls", HandlerOrder::kCalls},
    {"host-calls", HandlerOrder::kHostCalls},
    {"suspensions", HandlerOrder::kSuspensions},
    {"refusals", HandlerOrder::kRefusals},
});

// The `count` handlers with the most in `order`, descending; ties are broken by the bytes needed. Handlers of the
// same name are added up.
std::vector<HandlerUse> top_handlers(std::vector<HandlerUse> handlers, HandlerOrder order, std::size_t count);

}  // namespace nexus::metrics
