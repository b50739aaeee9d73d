// What can go wrong and is expected to: one closed list of codes, and an error value that says which limit,
// how much was asked for, and which setting changes it. Programming errors are asserts, never an Error.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace nexus {

// The codes of the API. The first block is what an execution can end in; the rest are refusals of a request.
enum class ErrorCode : std::uint8_t {
  kTimeout,
  kMemoryLimit,
  kPermissionDenied,
  kExecutionError,
  kCompilationError,
  kInvalidHandler,
  kResourceLimit,
  kSuspensionExpired,
  kCancelled,
  kInternalError,

  kInvalidRequest,
  kPanelNotFound,
  kPanelExists,
  kPreconditionFailed,
  kToolNotFound,
  kPanelBusy,
  kOverloaded,
  kCapabilityNotAllowed,
  kNotFound,
  kMethodNotAllowed,
  kPayloadTooLarge,
  kUnauthorized,
  kForbidden,
  kMisdirected,
  kOriginNotAllowed,
  kShuttingDown,
  kExecutionNotFound,
  kSuspensionNotFound,
  kIdempotencyMismatch,
  kUpgradeRequired,
  kInvalidConfiguration,
};

inline constexpr std::size_t kErrorCodeCount = static_cast<std::size_t>(ErrorCode::kInvalidConfiguration) + 1;

// The code as clients see it, e.g. "MEMORY_LIMIT".
std::string_view name(ErrorCode code);

// A place in the author's own source; both count from 1.
struct SourceLocation {
  int line = 0;
  int column = 0;
  std::string snippet;  // the source line itself, shortened around the column

  bool operator==(const SourceLocation&) const = default;
};

// Which number was in the way. `layer` is who owns it: "handler", "container", "budget", "pool" or "panel".
struct LimitReached {
  std::string layer;
  std::string setting;  // as the author or operator knows it, e.g. "maxHostCalls" or "MAX_INSTANCES"
  std::uint64_t limit = 0;
  std::uint64_t wanted = 0;
  std::optional<std::uint64_t> free{};  // of the limits that count bytes

  bool operator==(const LimitReached&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::kInternalError;
  std::string message;
  std::string stack{};  // of the handler's own code, if the error comes from there
  std::optional<SourceLocation> location{};
  std::optional<LimitReached> limit{};
  std::optional<int> retry_after_ms{};

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

}  // namespace nexus

// NEXUS_TRY(auto x, f()): x is the value of f(), or the function returns f()'s error.
#define NEXUS_CONCAT_INNER(a, b) a##b
#define NEXUS_CONCAT(a, b) NEXUS_CONCAT_INNER(a, b)
#define NEXUS_TRY_INNER(declaration, expression, result)          \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)
#define NEXUS_TRY(declaration, expression) \
  NEXUS_TRY_INNER(declaration, expression, NEXUS_CONCAT(nexus_try_, __LINE__))
