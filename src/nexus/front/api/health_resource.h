// GET /health, /health/live and /health/ready
#pragma once

#include "nexus/foundation/base/clock.h"
#include "nexus/front/http/response.h"
#include "nexus/runtime/exposition/snapshot.h"
#include "nexus/runtime/shard/shard.h"

namespace nexus::api {

// The server is live in every stage, and ready only while it is serving.
class HealthResource {
 public:
  HealthResource(std::string version, const Clock& clock)
      : version_(std::move(version)), clock_(clock), started_us_(clock.monotonic_us()) {}

  // `sum`: the figures of all loops.
  void report(shard::Stage stage, const exposition::Snapshot& sum, http::Response& response) const;
  void live(http::Response& response) const;
  void ready(shard::Stage stage, http::Response& response) const;

 private:
  std::string version_;
  const Clock& clock_;
  std::uint64_t started_us_;
};

}  // namespace nexus::api
