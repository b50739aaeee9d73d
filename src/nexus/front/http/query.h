// The parameters of a request's query.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/foundation/model/error_response.h"

namespace nexus::http {

// The value of `name`; none: the query has no such parameter. A repeated parameter is an error. REQUIRES: a query in
// normal form.
std::expected<std::optional<std::string_view>, ErrorResponse> find_parameter(std::string_view query,
                                                                             std::string_view name);

// True when the query has `name=1` or `name=true`.
bool has_flag(std::string_view query, std::string_view name);

}  // namespace nexus::http
