#include "nexus/foundation/base/error.h"

#include <array>

namespace nexus {

std::string_view name(ErrorCode code) {
  static constexpr std::array<std::string_view, kErrorCodeCount> kNames = {"TIMEOUT",
                                                                           "MEMORY_LIMIT",
                                                                           "PERMISSION_DENIED",
                                                                           "EXECUTION_ERROR",
                                                                           "COMPILATION_ERROR",
                                                                           "INVALID_HANDLER",
                                                                           "RESOURCE_LIMIT",
                                                                           "SUSPENSION_EXPIRED",
                                                                           "CANCELLED",
                                                                           "INTERNAL_ERROR",
                                                                           "INVALID_REQUEST",
                                                                           "PANEL_NOT_FOUND",
                                                                           "PANEL_EXISTS",
                                                                           "PRECONDITION_FAILED",
                                                                           "TOOL_NOT_FOUND",
                                                                           "PANEL_BUSY",
                                                                           "OVERLOADED",
                                                                           "CAPABILITY_NOT_ALLOWED",
                                                                           "NOT_FOUND",
                                                                           "METHOD_NOT_ALLOWED",
                                                                           "PAYLOAD_TOO_LARGE",
                                                                           "UNAUTHORIZED",
                                                                           "FORBIDDEN",
                                                                           "MISDIRECTED",
                                                                           "ORIGIN_NOT_ALLOWED",
                                                                           "SHUTTING_DOWN",
                                                                           "EXECUTION_NOT_FOUND",
                                                                           "SUSPENSION_NOT_FOUND",
                                                                           "IDEMPOTENCY_MISMATCH",
                                                                           "UPGRADE_REQUIRED",
                                                                           "INVALID_CONFIGURATION"};
  return kNames[static_cast<std::size_t>(code)];
}

}  // namespace nexus
