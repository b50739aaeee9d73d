// Random numbers: from the kernel, or from a seed where a simulation must repeat itself.
#pragma once

#include <cstdint>

namespace nexus {

// From getrandom(2), buffered per thread: 8 bytes cost about 10 ns. Fit for secrets.
std::uint64_t random_u64();

// While one lives, random_u64() on its thread gives the sequence of a seed (SplitMix64). For simulations only: whoever knows
// the seed knows every id.
class SeededRandomness {
 public:
  explicit SeededRandomness(std::uint64_t seed);
  ~SeededRandomness();
  SeededRandomness(const SeededRandomness&) = delete;
  SeededRandomness& operator=(const SeededRandomness&) = delete;

  std::uint64_t next();

 private:
  std::uint64_t state_;
};

}  // namespace nexus
