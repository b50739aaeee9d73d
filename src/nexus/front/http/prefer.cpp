#include "nexus/front/http/prefer.h"

#include <charconv>

#include "nexus/foundation/base/text.h"

namespace nexus::http {

Preferences preferences_of(std::string_view header) {
  Preferences preferences;
  while (!header.empty()) {
    std::string_view value = take_until(header, ',');
    value = value.substr(0, value.find(';'));
    const std::string_view name = trimmed(take_until(value, '='));
    if (is_same_word(name, "respond-async")) preferences.responds_async = true;
    if (!is_same_word(name, "wait") || preferences.wait_s) continue;
    value = trimmed(value);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    std::uint64_t seconds = 0;
    const auto read = std::from_chars(value.begin(), value.end(), seconds);
    if (read.ec == std::errc() && read.ptr == value.end()) preferences.wait_s = seconds;
  }
  return preferences;
}

}  // namespace nexus::http
