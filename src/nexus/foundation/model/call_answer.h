// The outcome of a call of $ext.
#pragma once

#include <cstdint>
#include <string_view>

namespace nexus {

struct CallAnswer {
  enum class Kind : std::uint8_t { kValue, kError, kExpired };  // as guest/border.h has them
  std::uint32_t number = 0;                                     // of the call, within its execution
  Kind kind = Kind::kValue;
  std::string_view json;  // one checked JSON value; for an error an object with name and message
};

}  // namespace nexus
