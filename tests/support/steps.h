// How long a randomised test runs, and from which seed: set from the environment.
#pragma once

#include <cstdint>

namespace nexus::testing {

// True when this program is built with the sanitizer: some tests are ten times slower under it, and some are
// impossible.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kUnderAddressSanitizer = true;
#else
inline constexpr bool kUnderAddressSanitizer = false;
#endif
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kUnderThreadSanitizer = true;
#else
inline constexpr bool kUnderThreadSanitizer = false;
#endif
inline constexpr bool kUnderSanitizer = kUnderAddressSanitizer || kUnderThreadSanitizer;

// The number in an environment variable; `otherwise` if it is not set.
std::uint64_t from_environment(const char* variable, std::uint64_t otherwise);

// NEXUS_FUZZ_STEPS if it is set, otherwise `usual`, or a tenth of it under a sanitizer.
std::uint64_t steps(std::uint64_t usual);

}  // namespace nexus::testing
