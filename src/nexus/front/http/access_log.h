// The access log: one line for each HTTP response.
#pragma once

#include <cstdint>
#include <string>

#include "nexus/front/http/request.h"

namespace nexus::http {

struct AccessLogEntry {
  unsigned status = 0;
  std::uint64_t body_bytes = 0;   // of the response
  std::uint64_t duration_us = 0;  // from the first byte of the request to the end of the response
  std::string peer;               // address and port
};

// Logs at level info, with the values of `token=` in the query left out.
void write_access(const Request& request, const AccessLogEntry& entry);

}  // namespace nexus::http
