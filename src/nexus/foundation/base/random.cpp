#include "nexus/foundation/base/random.h"

#include <sys/random.h>

#include <array>
#include <cassert>
#include <cstdlib>

namespace nexus {
namespace {

thread_local SeededRandomness* seeded = nullptr;

}  // namespace

std::uint64_t random_u64() {
  if (seeded != nullptr) return seeded->next();
  constexpr std::size_t kWords = 32;  // getrandom never gives less than asked for up to 256 bytes
  thread_local std::array<std::uint64_t, kWords> words;
  thread_local std::size_t used = kWords;
  if (used == kWords) {
    if (getrandom(words.data(), sizeof words, 0) != sizeof words) std::abort();
    used = 0;
  }
  return words[used++];
}

SeededRandomness::SeededRandomness(std::uint64_t seed) : state_(seed) {
  assert(seeded == nullptr);
  seeded = this;
}

SeededRandomness::~SeededRandomness() { seeded = nullptr; }

// Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014; constants of java.util.SplittableRandom.
std::uint64_t SeededRandomness::next() {
  std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace nexus
