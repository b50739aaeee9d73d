#include "nexus/foundation/model/error_response.h"

#include <fmt/format.h>

#include "nexus/foundation/json/json.h"

namespace nexus {

std::string and_more(std::size_t others) {
  return others == 0 ? std::string() : fmt::format(" (and {} more)", others);
}

ErrorResponse refuse_part(std::string_view path, std::string_view message) {
  return refuse_definition({.code = ErrorCode::kInvalidRequest,
                            .errors = {{std::string(path), std::string(message)}},
                            .unlisted = 0});
}

ErrorResponse refuse_definition(const ValidationErrors& invalid) {
  ErrorResponse refusal;
  const ValidationError& first = invalid.errors.front();
  const std::size_t others = invalid.errors.size() - 1 + invalid.unlisted;
  refusal.error.code = invalid.code;
  refusal.error.message = fmt::format("{} {}{}", first.path.empty() ? "the body" : first.path.c_str(),
                                      first.message, and_more(others));
  std::string& out = refusal.details_json;
  for (const ValidationError& error : invalid.errors) {
    out += out.empty() ? R"([{"path":)" : R"(,{"path":)";
    append_json_string(out, error.path);
    out += R"(,"message":)";
    append_json_string(out, error.message);
    out += '}';
  }
  out += ']';
  return refusal;
}

}  // namespace nexus
