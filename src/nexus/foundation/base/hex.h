// Numbers as digits to the base of 16.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nexus {

// None: there is something else among them, nothing at all, or more than 64 bits hold.
inline std::optional<std::uint64_t> hex_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.begin(), digits.end(), number, 16);
  return read.ec == std::errc() && read.ptr == digits.end() ? std::optional(number) : std::nullopt;
}

}  // namespace nexus
