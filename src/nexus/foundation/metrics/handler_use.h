// What the executions of one handler have taken, as values that can be added to those of other loops.
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
  // Of linear memory, which is what the limit is compared with, pages that no execution touches included.
  std::uint64_t image_bytes = 0;  // that each execution begins with; 0: unknown
  std::uint64_t p99_bytes = 0;    // that 99 of 100 executions have not exceeded lately, the image included
  std::uint64_t high_water_bytes = 0;    // that none has
  std::uint64_t held_bytes = 0;          // charged now to those that run
  std::uint64_t running = 0;             // executions, without those that have only begun
  std::uint64_t memory_limit_bytes = 0;  // of one execution
  std::uint64_t executions = 0;          // that have ended, since it was loaded as all that follows
  std::uint64_t running_us = 0;
  std::uint64_t host_calls = 0;
  std::uint64_t suspensions = 0;
  std::uint64_t refusals = 0;  // for want of memory

  // Of the same name. Adds up; of bytes it keeps the highest.
  void add(const HandlerUse& other);
};

enum class HandlerOrder : std::uint8_t { kBytes, kTime, kCalls, kHostCalls, kSuspensions, kRefusals, kHeld };

// The words for those that can be asked for.
inline constexpr auto kHandlerOrders = std::to_array<std::pair<std::string_view, HandlerOrder>>({
    {"bytes", HandlerOrder::kBytes},
    {"time", HandlerOrder::kTime},
    {"calls", HandlerOrder::kCalls},
    {"host-calls", HandlerOrder::kHostCalls},
    {"suspensions", HandlerOrder::kSuspensions},
    {"refusals", HandlerOrder::kRefusals},
});

// Those with the most, the most first, at most `count`; of the same amount those first that have needed more bytes. Those of
// one name are added up.
std::vector<HandlerUse> top_handlers(std::vector<HandlerUse> handlers, HandlerOrder order, std::size_t count);

}  // namespace nexus::metrics
