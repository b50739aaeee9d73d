// Expected failures: one closed list of codes, and an error value that names the limit that was reached, the amount
// that was wanted and the setting that changes the limit. A programming error is an assert, never an Error.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace nexus {

// The codes of the API. An execution can end in the first block; the rest reject a request.
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

// A place in the author's source. Line and column count from 1.
struct SourceLocation {
  int line = 0;
  int column = 0;
  std::string snippet;  // the source line itself, shortened around the column

  bool operator==(const SourceLocation&) const = default;
};

// The limit that was reached. `layer` is its owner: "handler", "container", "budget", "pool" or "panel".
struct LimitReached {
  std::string layer;
  std::string setting;  // as the author or operator knows it, e.g. "maxHostCalls" or "MAX_INSTANCES"
  std::uint64_t limit = 0;
  std::uint64_t wanted = 0;
  std::optional<std::uint64_t> free{};  // only for layers that count bytes

  bool operator==(const LimitReached&) const = default;
};

struct Error {
  ErrorCode code = ErrorCode::kInternalError;
  std::string message;
  std::string stack{};  // of the handler's code, if the handler threw the error
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

// NEXUS_TRY(auto x, f()): declares x with the value of f(), or returns the error of f().
#define NEXUS_CONCAT_INNER(a, b) a##b
#define NEXUS_CONCAT(a, b) NEXUS_CONCAT_INNER(a, b)
#define NEXUS_TRY_INNER(declaration, expression, result)          \
  auto result = (expression);                                     \
  if (!result) return std::unexpected(std::move(result).error()); \
  declaration = std::move(*result)
#define NEXUS_TRY(declaration, expression) \
  NEXUS_TRY_INNER(declaration, expression, NEXUS_CONCAT(nexus_try_, __LINE__))
