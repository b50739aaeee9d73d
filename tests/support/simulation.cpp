#include "support/simulation.h"

#include <algorithm>

namespace nexus::testing {
namespace {

constexpr std::uint64_t kTickUs = 100'000;
constexpr std::uint64_t kLongestIdleUs = 10'000'000;
constexpr std::uint64_t kMostUsOfHandler = 20;    // between two handlers of loops
constexpr std::uint64_t kMostUsOfHostCall = 300;  // between two host calls of a guest

}  // namespace

Simulation::Simulation(std::uint64_t seed) : random_(seed), ids_(random_()), timers_(clock_) {
  clock_.stand_still();
  next_tick_us_ = clock_.monotonic_us() + kTickUs;
}

bool Simulation::ends_slice() {
  clock_.advance_us(below(kMostUsOfHostCall));
  return below(4) == 0;
}

void Simulation::add(boost::asio::io_context& loop, std::function<void()> tick) {
  loops_.push_back({&loop, std::move(tick)});
}

void Simulation::run_until(const std::function<bool()>& is_done) {
  std::vector<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guards;
  for (const Loop& loop : loops_) {
    guards.emplace_back(loop.context->get_executor());
    loop.context->restart();
  }
  while (!is_done()) {
    if (run_one()) {
      idle_us_ = 0;
      clock_.advance_us(below(kMostUsOfHandler));
    } else {
      idle_us_ = std::clamp<std::uint64_t>(idle_us_ * 2, 1 + below(1000), kLongestIdleUs);
      clock_.advance_us(idle_us_);
    }
    let_time_pass();
  }
}

bool Simulation::run_one() {
  const std::uint64_t first = below(loops_.size());
  for (std::uint64_t n = 0; n < loops_.size(); ++n) {
    const std::uint64_t at = (first + n) % loops_.size();
    if (loops_[at].context->poll_one() == 0) continue;
    note(at);
    return true;
  }
  return false;
}

void Simulation::let_time_pass() {
  for (const auto& settle_due : sources_) {
    if (settle_due()) note(loops_.size());
  }
  if (clock_.monotonic_us() < next_tick_us_) return;
  next_tick_us_ = clock_.monotonic_us() + kTickUs;
  const std::uint64_t first = below(loops_.size());
  for (std::uint64_t n = 0; n < loops_.size(); ++n)
    loops_[(first + n) % loops_.size()].tick();
}

// FNV-1a over what ran and when.
void Simulation::note(std::uint64_t what) {
  for (const std::uint64_t word : {what, clock_.monotonic_us()})
    trace_ = (trace_ ^ word) * 0x100000001b3;
}

}  // namespace nexus::testing
