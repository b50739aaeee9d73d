// Why an execution ends, or does not start, for a cause outside its handler, and the text that clients read for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"

namespace nexus {

enum class EndReason : std::uint8_t { kCancelled, kPanelDeleted, kServerShutdown };

constexpr std::string_view text_of(EndReason reason) {
  switch (reason) {
    case EndReason::kCancelled:
      return "the execution was cancelled";
    case EndReason::kPanelDeleted:
      return "the panel has been deleted";
    case EndReason::kServerShutdown:
      break;
  }
  return "the server is shutting down";
}

// The error of an execution that has begun.
inline Error cancelled(EndReason reason) {
  return {.code = ErrorCode::kCancelled, .message = std::string(text_of(reason))};
}

// The error of a call of which no part has run.
inline Error not_started(EndReason reason) {
  const ErrorCode code = reason == EndReason::kPanelDeleted     ? ErrorCode::kPanelNotFound
                         : reason == EndReason::kServerShutdown ? ErrorCode::kShuttingDown
                                                                : ErrorCode::kCancelled;
  return {.code = code, .message = std::string(text_of(reason))};
}

}  // namespace nexus
