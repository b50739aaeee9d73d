// Times in the format of the API.
#pragma once

#include <cstdint>
#include <string>

namespace nexus {

// RFC 3339 in UTC: "2026-01-31T12:00:00.123Z".
std::string as_time(std::int64_t unix_ms);

}  // namespace nexus
