// When to look at the limits, and when to give back what a storm has left: numbers in, decisions out.
//
//   something runs ──► at rest ──kRestMs──► giving back ──► tidy, until something runs or much of what is kept has gone
//
// Thread safety: none.
#pragma once

#include <cstdint>

#include "nexus/foundation/base/units.h"

namespace nexus::app {

class RestPolicy {
 public:
  static constexpr std::uint64_t kRestMs =
      1000;  // without a handler running, before what is left is given back
  static constexpr std::uint64_t kLookIdleMs = 1000;  // between two looks when nothing happens
  static constexpr std::uint64_t kWorthTidying = 1_MiB;
  // Work that has used more of the program than the next call will, which then pays some 100 us for what it needs itself.
  static constexpr std::uint64_t kLongWorkMs = 10'000;

  struct Seen {
    std::uint64_t now_ms = 0;
    bool is_resting = true;        // no handler runs
    bool is_giving_back = false;   // what was decided last is still in progress
    std::uint64_t kept_bytes = 0;  // by panels, connections and results
  };
  struct Decision {
    bool forgets_start = false;  // once: the pages of the program that only its start has needed
    bool gives_back = false;     // what the loops keep for nobody
    bool looks = false;          // at the limits
  };

  void start(std::uint64_t now_ms) { began_ms_ = now_ms; }
  // Some times in each of the periods above.
  Decision tick(const Seen& seen);
  // The next tick looks, whatever it sees.
  void look_soon() { looks_soon_ = true; }
  // A loop has given back, and has more.
  void found_more() { is_tidy_ = false; }
  // All loops have given back. Says whether the pages of the program should go as well.
  bool given_back();

 private:
  std::uint64_t began_ms_ = 0, looked_ms_ = 0;
  std::uint64_t busy_since_ms_ = 0, busy_ms_ = 0;  // when something ran first, after it was tidy, and last
  std::uint64_t most_kept_ = 0;                    // since what was left has been given back
  bool is_tidy_ = true;                            // since something ran, what was left has been given back
  bool is_starting_ = true;
  bool looks_soon_ = true;
};

}  // namespace nexus::app
