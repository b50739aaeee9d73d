#include "nexus/runtime/extensions/arguments.h"

#include <fmt/format.h>

#include <cmath>

namespace nexus::extensions {

bool is_null(json::value value) {
  json::json_type type{};
  return value.type().get(type) == simdjson::SUCCESS && type == json::json_type::null;
}

std::expected<std::uint64_t, CallError> read_ms(json::value value, std::string_view what, std::uint64_t least,
                                                std::uint64_t most) {
  double number = 0;
  if (value.get_double().get(number) != simdjson::SUCCESS)
    return std::unexpected(type_error(fmt::format("{} must be a number of milliseconds", what)));
  const double whole = std::ceil(number);
  if (number < static_cast<double>(least) || whole > static_cast<double>(most)) {
    return std::unexpected(
        range_error(fmt::format("{} must be {} to {}, and is {}", what, least, most, number)));
  }
  return static_cast<std::uint64_t>(whole);
}

}  // namespace nexus::extensions
