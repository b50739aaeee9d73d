// Times as texts, in UTC. A time before 1970 or after 9999 is written as the first or last moment of that range.
#pragma once

#include <cstdint>
#include <string>

namespace nexus {

// RFC 3339: "2026-01-31T12:00:00.123Z".
std::string as_time(std::int64_t unix_ms);
// "2026-01-31T12:00:00Z".
std::string as_second(std::int64_t unix_ms);
// RFC 9110: "Sun, 06 Nov 1994 08:49:37 GMT".
std::string as_http_date(std::int64_t unix_ms);

}  // namespace nexus
