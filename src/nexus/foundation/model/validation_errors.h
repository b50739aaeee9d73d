// The validation errors of a document, each with its path.
#pragma once

#include <cstddef>
#include <string>
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

}  // namespace nexus
