// Simulated time and a seeded schedule. The event loops of a test run on one thread, and a seed decides which of them runs its
// next handler, where the slices of guests end, how much time passes, and every random number. The same seed gives the same run.
//
//   Simulation simulation(seed);
//   Loops loops(2, {.simulation = &simulation});
//   loops.spawn(0, work());
//   loops.run();                          // until all that was spawned is done
//   EXPECT_EQ(simulation.trace(), ...);   // a digest of every decision
//
// What is real: the sandbox, all code above it, and each loop's queue, which is served in order as Asio does. What is not:
// sockets, and threads (extensions that settle calls on a thread of their own need a form without one, as Timer has).
//
// A guest's slice can end where it is entered and at each host call; so a guest must not compute for ever between two host
// calls. Time passes in steps of microseconds while anything runs, and faster and faster, up to 10 s a step, while all loops
// are idle: a day takes milliseconds.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <random>
#include <vector>

#include "nexus/foundation/base/random.h"
#include "nexus/runtime/loop/timer.h"
#include "support/sandbox.h"

namespace nexus::testing {

// Used on the thread that made it; one at a time there. Must outlive the loops.
class Simulation {
 public:
  explicit Simulation(std::uint64_t seed);

  AdvancedClock& clock() { return clock_; }
  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  // Whether the slice of a guest ends here. Lets some time pass. For RuntimeOptions.
  bool ends_slice();

  // `tick` is what the program calls about every 100 ms on the loop's thread.
  void add(boost::asio::io_context& loop, std::function<void()> tick);
  // Called between handlers, for what settles calls from outside the loops. Returns whether anything was due.
  void add_source(std::function<bool()> settle_due) { sources_.push_back(std::move(settle_due)); }

  void run_until(const std::function<bool()>& is_done);

  std::uint64_t trace() const { return trace_; }

 private:
  struct Loop {
    boost::asio::io_context* context;
    std::function<void()> tick;
  };
  bool run_one();
  void let_time_pass();
  void note(std::uint64_t what);

  std::mt19937_64 random_;
  AdvancedClock clock_;
  SeededRandomness ids_;
  TimerClock::Use timers_;
  std::vector<Loop> loops_;
  std::vector<std::function<bool()>> sources_;
  std::uint64_t next_tick_us_ = 0;
  std::uint64_t idle_us_ = 0;  // the last step
  std::uint64_t trace_ = 0xcbf29ce484222325;
};

}  // namespace nexus::testing
