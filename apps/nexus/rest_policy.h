// Decides when to check the memory limits, and when to release unused memory after a storm. Numbers in, decisions out.
//
//   something runs ──► at rest ──kRestMs──► giving back ──► tidy, until something runs or much kept memory is freed
//
// Thread safety: none.
#pragma once

#include <cstdint>

#include "nexus/foundation/base/units.h"

namespace nexus::app {

class RestPolicy {
 public:
  static constexpr std::uint64_t kRestMs = 1000;  // without a running handler, before memory is given back
  static constexpr std::uint64_t kLookIdleMs = 1000;  // between two checks when nothing happens
  static constexpr std::uint64_t kWorthTidying = 1_MiB;
  // Work of this length has touched more of the program's code than the next call needs. Releasing the pages costs that
  // call about 100 us.
  static constexpr std::uint64_t kLongWorkMs = 10'000;

  struct Seen {
    std::uint64_t now_ms = 0;
    bool is_resting = true;        // no handler runs
    bool is_giving_back = false;   // the last decision is still being carried out
    std::uint64_t kept_bytes = 0;  // held by panels, connections and results
  };
  struct Decision {
    bool forgets_start = false;  // once: the program's pages that only its start needed
    bool gives_back = false;     // unused memory of all loops
    bool looks = false;          // checks the memory limits
  };

  void start(std::uint64_t now_ms) { began_ms_ = now_ms; }
  // To be called several times in each of the periods above.
  Decision tick(const Seen& seen);
  // The next tick checks the limits in any case.
  void look_soon() { looks_soon_ = true; }
  // A loop has given memory back, and can give back more.
  void found_more() { is_tidy_ = false; }
  // All loops have given memory back. True: the pages of the program should be released too.
  bool given_back();

 private:
  std::uint64_t began_ms_ = 0, looked_ms_ = 0;
  std::uint64_t busy_since_ms_ = 0, busy_ms_ = 0;  // first and last time of work since it was tidy
  std::uint64_t most_kept_ = 0;                    // since the last release
  bool is_tidy_ = true;                            // all unused memory was released since the last work
  bool is_starting_ = true;
  bool looks_soon_ = true;
};

}  // namespace nexus::app
