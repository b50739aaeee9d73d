// Why a request is refused, with what a client can read by program.
#pragma once

#include <string>
#include <string_view>

#include "nexus/foundation/base/error.h"
#include "nexus/foundation/model/validation_errors.h"

namespace nexus {

struct ErrorResponse {
  Error error;
  std::string details_json{};  // one JSON value, or empty
};

// kInvalidRequest for one part of a request: `details` is [{path, message}]. `path`: "limit" of the query, "tools[0].name"
// of the body; empty: the body itself.
ErrorResponse refuse_part(std::string_view path, std::string_view message);
// The same with all that is wrong with a definition, or with the arguments of a call.
ErrorResponse refuse_definition(const ValidationErrors& invalid);

// " (and 3 more)", or nothing: what a message leaves out.
std::string and_more(std::size_t others);

}  // namespace nexus
