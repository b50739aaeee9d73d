// Splitting and trimming of text.
#pragma once

#include <algorithm>
#include <string_view>

namespace nexus {

// The part of `rest` before the next `separator`, or all of it without one. Removes the part and the separator from
// `rest`.
inline std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

// `text` without leading and trailing blanks and tabs.
inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace nexus
