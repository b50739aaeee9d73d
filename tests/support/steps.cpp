#include "steps.h"

#include <cstdlib>
#include <string>

namespace nexus::testing {

std::uint64_t from_environment(const char* variable, std::uint64_t otherwise) {
  const char* const text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::uint64_t steps(std::uint64_t usual) {
  return from_environment("NEXUS_FUZZ_STEPS", kUnderSanitizer ? usual / 10 : usual);
}

}  // namespace nexus::testing
