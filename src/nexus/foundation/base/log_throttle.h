// Limits log lines that a client can cause in any number: ten per second are written.
#pragma once

#include <cstdint>
#include <utility>

namespace nexus {

// Not thread-safe.
class LogThrottle {
 public:
  bool allows(std::int64_t now_unix_ms) {
    const std::int64_t second = now_unix_ms / 1000;
    if (std::exchange(second_, second) != second) written_ = 0;
    return ++written_ <= kMostPerSecond;
  }

 private:
  static constexpr std::uint32_t kMostPerSecond = 10;
  std::int64_t second_ = 0;
  std::uint32_t written_ = 0;
};

}  // namespace nexus
