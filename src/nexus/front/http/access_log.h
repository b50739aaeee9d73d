// A line of the log for each HTTP request that has been answered.
#pragma once

#include <cstdint>
#include <string>

#include "nexus/front/http/request.h"

namespace nexus::http {

struct AccessLogEntry {
  unsigned status = 0;
  std::uint64_t body_bytes = 0;   // of the response
  std::uint64_t duration_us = 0;  // from the first byte of the request until the response was written
  std::string peer;               // address and port
};

// At level info. Without the values of `token=` in the query.
void write_access(const Request& request, const AccessLogEntry& entry);

}  // namespace nexus::http
