// What is wrong with a document: each error with its path.
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
  ErrorCode code;  // kInvalidRequest, or kCapabilityNotAllowed when that is all that is wrong
  std::vector<ValidationError> errors;  // the first hundred of them
  std::size_t unlisted = 0;             // how many more there are
};

}  // namespace nexus
