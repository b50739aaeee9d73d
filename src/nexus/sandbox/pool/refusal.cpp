#include "nexus/sandbox/pool/refusal.h"

#include <fmt/format.h>

#include "nexus/foundation/base/end_reason.h"

namespace nexus::pool {
namespace {

constexpr int kRetryAfterMs = 1000;  // the smallest value of Retry-After

Error overloaded(std::string message, std::string setting, std::uint64_t limit) {
  return Error{
      .code = ErrorCode::kOverloaded,
      .message = std::move(message),
      .limit =
          LimitReached{.layer = "pool", .setting = std::move(setting), .limit = limit, .wanted = limit + 1},
      .retry_after_ms = kRetryAfterMs};
}

}  // namespace

Error error_of(Refusal why, const PoolOptions& options) {
  switch (why) {
    case Refusal::kBusy:
      return overloaded(fmt::format("all {} instances are in use", options.max_instances), "MAX_INSTANCES",
                        options.max_instances);
    case Refusal::kQueueFull:
      if (options.queue_timeout_ms == 0) {
        return overloaded(fmt::format("all {} instances of this event loop are in use, and nobody may wait",
                                      options.max_instances),
                          "QUEUE_TIMEOUT_MS", 0);
      }
      return overloaded(
          fmt::format("all {} instances of this event loop are in use and {} callers wait already",
                      options.max_instances, options.max_queue),
          "MAX_QUEUE", options.max_queue);
    case Refusal::kTimedOut:
      return overloaded(fmt::format("no instance became free within {} ms", options.queue_timeout_ms),
                        "QUEUE_TIMEOUT_MS", options.queue_timeout_ms);
    case Refusal::kShuttingDown:
      break;
  }
  Error error = not_started(EndReason::kServerShutdown);
  error.retry_after_ms = kRetryAfterMs;
  return error;
}

}  // namespace nexus::pool
