// Time is passed in: whoever needs it takes a Clock, and tests turn the hands themselves.
#pragma once

#include <cstdint>

namespace nexus {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;        // milliseconds since 1970-01-01 UTC
  virtual std::uint64_t monotonic_us() const = 0;  // never goes back; its zero means nothing
  std::int64_t monotonic_ms() const { return static_cast<std::int64_t>(monotonic_us() / 1000); }
  // How long the calling thread has run on a CPU. A system call, so not for every request.
  virtual std::uint64_t thread_cpu_us() const { return monotonic_us(); }
  // The same clock, for what takes about a microsecond; as fine as the clock is.
  virtual std::uint64_t monotonic_ns() const { return monotonic_us() * 1000; }
};

// The machine's clocks. Thread-safe.
class SystemClock final : public Clock {
 public:
  std::int64_t unix_ms() const override;
  std::uint64_t monotonic_us() const override;
  std::uint64_t thread_cpu_us() const override;
  std::uint64_t monotonic_ns() const override;
};

}  // namespace nexus
