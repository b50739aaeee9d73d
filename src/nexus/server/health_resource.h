// GET /health, /health/live and /health/ready
#pragma once

#include "nexus/base/clock.h"
#include "nexus/handlers/handler_cache.h"
#include "nexus/panels/registry.h"
#include "nexus/pool/instance_pool.h"
#include "nexus/server/answer.h"

namespace nexus::server {

// Where the program is in its life. Live all the time; ready only while serving.
enum class Stage : std::uint8_t { kStarting, kServing, kDraining };

class HealthResource {
 public:
  HealthResource(std::string version, const Clock& clock, const panels::Registry& registry,
                 const handlers::HandlerCache& cache, const pool::InstancePool& pool)
      : version_(std::move(version)),
        clock_(clock),
        registry_(registry),
        cache_(cache),
        pool_(pool),
        started_us_(clock.monotonic_us()) {}

  void report(Stage stage, Answer& answer) const;
  void live(Answer& answer) const;
  void ready(Stage stage, Answer& answer) const;

 private:
  std::string version_;
  const Clock& clock_;
  const panels::Registry& registry_;
  const handlers::HandlerCache& cache_;
  const pool::InstancePool& pool_;
  std::uint64_t started_us_;
};

}  // namespace nexus::server
