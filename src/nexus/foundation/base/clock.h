// Time is passed in: code that needs the time takes a Clock, and tests set theirs by hand.
#pragma once

#include <chrono>
#include <cstdint>

namespace nexus {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t unix_ms() const = 0;        // milliseconds since 1970-01-01 UTC
  virtual std::uint64_t monotonic_us() const = 0;  // never goes back; zero is an arbitrary moment
  std::int64_t monotonic_ms() const { return static_cast<std::int64_t>(monotonic_us() / 1000); }
  // The CPU time of the calling thread. A system call: too slow for every request.
  virtual std::uint64_t thread_cpu_us() const { return monotonic_us(); }
  // monotonic_us() in nanoseconds, to measure about a microsecond; the resolution is the clock's own.
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

// The machine's monotonic clock as a time point, for waits that the kernel or a library measures.
std::chrono::steady_clock::time_point steady_now();

// Blocks the calling thread: never on an event loop.
void sleep_on_thread(std::chrono::microseconds time);

}  // namespace nexus
