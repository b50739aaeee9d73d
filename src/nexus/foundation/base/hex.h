// Hexadecimal numbers.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace nexus {

// nullopt if `digits` is empty, has any other character, or does not fit in 64 bits.
inline std::optional<std::uint64_t> hex_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(digits.begin(), digits.end(), number, 16);
  return read.ec == std::errc() && read.ptr == digits.end() ? std::optional(number) : std::nullopt;
}

}  // namespace nexus
