// Timers of event loops. They follow the machine's monotonic clock, or, on a thread that simulates time, the clock of the
// simulation.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "nexus/foundation/base/clock.h"

namespace nexus {

// The clock of timers, in the form that Asio asks for.
struct TimerClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<TimerClock>;
  static constexpr bool is_steady = true;
  static time_point now();

  // While one lives, timers of its thread follow `clock`, which must outlive it. Their loops have to be polled (poll_one) then,
  // since the kernel knows nothing of that clock.
  class Use {
   public:
    explicit Use(const Clock& clock);
    ~Use();
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
  };
};

// How long a loop may sleep in the kernel until a timer is due: not at all while time is simulated.
struct TimerWait {
  static TimerClock::duration to_wait_duration(const TimerClock::duration& left);
  static TimerClock::duration to_wait_duration(const TimerClock::time_point& due) {
    return to_wait_duration(due - TimerClock::now());
  }
};

using Timer =
    boost::asio::basic_waitable_timer<TimerClock, TimerWait, boost::asio::io_context::executor_type>;

}  // namespace nexus
