#include "nexus/foundation/config/validation_error.h"

#include <fmt/format.h>

namespace nexus::config {

std::string describe(const ValidationError& error) {
  return printable(fmt::format("{} is \"{}\" (from {}); it must be {}", error.field, error.value,
                               error.origin, error.bound));
}

std::string printable(std::string_view text) {
  std::string printable;
  for (const char c : text) {
    if (c == '\n') {
      printable += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      printable += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      printable += c;
    }
  }
  return printable;
}

}  // namespace nexus::config
