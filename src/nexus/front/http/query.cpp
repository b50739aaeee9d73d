#include "nexus/front/http/query.h"

#include "nexus/foundation/base/text.h"

namespace nexus::http {

std::expected<std::optional<std::string_view>, ErrorResponse> find_parameter(std::string_view query,
                                                                             std::string_view name) {
  std::optional<std::string_view> value;
  while (!query.empty()) {
    std::string_view pair = take_until(query, '&');
    if (take_until(pair, '=') != name) continue;
    if (value) return std::unexpected(refuse_part(name, "is there twice"));
    value = pair;
  }
  return value;
}

bool has_flag(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view pair = take_until(query, '&');
    if (take_until(pair, '=') == name) return pair == "1" || pair == "true";
  }
  return false;
}

}  // namespace nexus::http
