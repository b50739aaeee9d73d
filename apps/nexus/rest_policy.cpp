#include "rest_policy.h"

#include <algorithm>

namespace nexus::app {

RestPolicy::Decision RestPolicy::tick(const Seen& seen) {
  Decision decision;
  decision.forgets_start = is_starting_ && seen.now_ms - began_ms_ >= kRestMs;
  if (decision.forgets_start) is_starting_ = false;
  if (!seen.is_resting) {
    if (is_tidy_) busy_since_ms_ = seen.now_ms;
    busy_ms_ = seen.now_ms;
    is_tidy_ = false;
  }
  // Panels and connections may go although no handler runs.
  most_kept_ = std::max(most_kept_, seen.kept_bytes);
  if (seen.kept_bytes + kWorthTidying < most_kept_) is_tidy_ = false;
  const bool is_idle = seen.is_resting && is_tidy_ && !looks_soon_;
  if (is_idle && seen.now_ms - looked_ms_ < kLookIdleMs) return decision;
  if (!is_tidy_ && !seen.is_giving_back && seen.now_ms - busy_ms_ >= kRestMs) {
    decision.gives_back = is_tidy_ = true;
    most_kept_ = 0;
  }
  decision.looks = true;
  looked_ms_ = seen.now_ms;
  looks_soon_ = false;
  return decision;
}

bool RestPolicy::given_back() {
  look_soon();  // the next check sees the memory that was given back
  return busy_ms_ - busy_since_ms_ >= kLongWorkMs;
}

}  // namespace nexus::app
