#include "steps.h"

#include <cstdlib>

namespace nexus::testing {

std::uint64_t steps(std::uint64_t usual) {
  const char* const wanted = std::getenv("NEXUS_FUZZ_STEPS");
  if (wanted != nullptr) return std::strtoull(wanted, nullptr, 10);
  return kUnderSanitizer ? usual / 10 : usual;
}

}  // namespace nexus::testing
