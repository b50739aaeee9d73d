#include "nexus/foundation/model/error_response.h"

#include <fmt/format.h>

#include "nexus/foundation/json/json.h"

namespace nexus {

std::string and_more(std::size_t others) {
  return others == 0 ? std::string() : fmt::format(" (and {} more)", others);
}

ErrorResponse refuse_part(std::string_view path, std::string_view message) {
  return refuse_definition({.code = ErrorCode::kInvalidRequest,
                            .faults = {{std::string(path), std::string(message)}},
                            .unlisted = 0});
}

ErrorResponse refuse_definition(const Rejected& rejected) {
  ErrorResponse refusal;
  const Fault& first = rejected.faults.front();
  const std::size_t others = rejected.faults.size() - 1 + rejected.unlisted;
  refusal.error.code = rejected.code;
  refusal.error.message = fmt::format("{} {}{}", first.path.empty() ? "the body" : first.path.c_str(),
                                      first.message, and_more(others));
  std::string& out = refusal.details_json;
  for (const Fault& fault : rejected.faults) {
    out += out.empty() ? R"([{"path":)" : R"(,{"path":)";
    append_json_string(out, fault.path);
    out += R"(,"message":)";
    append_json_string(out, fault.message);
    out += '}';
  }
  out += ']';
  return refusal;
}

}  // namespace nexus
