// Each source in this folder is a fuzzer: `make fuzz` links it with libFuzzer, and the tests with replay.cpp, which runs it over
// corpus/NAME.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// One run; a crash or an abort is a finding.
void fuzz(std::string_view input);

namespace nexus::fuzzing {

inline void require(bool is_so) {
  if (!is_so) std::abort();
}

// Takes the first byte of the input; 0 from an empty one.
inline std::uint8_t take_byte(std::string_view& input) {
  if (input.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(input.front());
  input.remove_prefix(1);
  return byte;
}

}  // namespace nexus::fuzzing
