// The error of a rejected request, with details that a client can read by program.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/foundation/base/error.h"

namespace nexus {

struct ValidationError {
  std::string path;  // "tools[0].trigger.type"; empty: the body itself
  std::string message;

  bool operator==(const ValidationError&) const = default;
};

struct ValidationErrors {
  ErrorCode code;                       // kInvalidRequest, or kCapabilityNotAllowed if every error is one
  std::vector<ValidationError> errors;  // the first hundred
  std::size_t unlisted = 0;             // the number of further errors
};

struct ErrorResponse {
  Error error;
  std::string details_json{};  // one JSON value, or empty
};

// kInvalidRequest for one part of a request: `details` is [{path, message}]. `path` is "limit" for the query,
// "tools[0].name" for the body, or empty for the body itself.
ErrorResponse refuse_part(std::string_view path, std::string_view message);
// The same with all errors of a definition, or of the arguments of a call.
ErrorResponse refuse_definition(const ValidationErrors& invalid);

// " (and 3 more)", or empty: the number of errors that a message leaves out.
std::string and_more(std::size_t others);

}  // namespace nexus
