// GET /health, /health/live and /health/ready
#pragma once

#include "nexus/base/clock.h"
#include "nexus/metrics/snapshot.h"
#include "nexus/server/answer.h"

namespace nexus::server {

// Where the program is in its life. Live all the time; ready only while serving. While it is leaving it still takes work,
// for those who haven't heard yet that it isn't ready.
enum class Stage : std::uint8_t { kStarting, kServing, kLeaving, kDraining };

class HealthResource {
 public:
  HealthResource(std::string version, const Clock& clock)
      : version_(std::move(version)), clock_(clock), started_us_(clock.monotonic_us()) {}

  // `sum` is that of all loops.
  void report(Stage stage, const metrics::Snapshot& sum, Answer& answer) const;
  void live(Answer& answer) const;
  void ready(Stage stage, Answer& answer) const;

 private:
  std::string version_;
  const Clock& clock_;
  std::uint64_t started_us_;
};

}  // namespace nexus::server
