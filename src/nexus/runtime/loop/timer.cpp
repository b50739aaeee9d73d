#include "nexus/runtime/loop/timer.h"

#include <cassert>

namespace nexus {
namespace {

thread_local const Clock* simulated = nullptr;

}  // namespace

TimerClock::time_point TimerClock::now() {
  static const SystemClock kMachine;
  const Clock& clock = simulated != nullptr ? *simulated : kMachine;
  return time_point(duration(static_cast<rep>(clock.monotonic_us())));
}

TimerClock::Use::Use(const Clock& clock) {
  assert(simulated == nullptr);
  simulated = &clock;
}

TimerClock::Use::~Use() { simulated = nullptr; }

TimerClock::duration TimerWait::to_wait_duration(const TimerClock::duration& left) {
  return simulated != nullptr ? TimerClock::duration::zero() : left;
}

}  // namespace nexus
