#include "nexus/foundation/base/time_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace nexus {
namespace {

std::int64_t bounded(std::int64_t unix_ms) {
  constexpr std::int64_t kMost = 253'402'300'799'999;  // the year 9999
  return std::clamp<std::int64_t>(unix_ms, 0, kMost);
}

std::tm parts_of(std::int64_t unix_ms) {
  const std::time_t seconds = static_cast<std::time_t>(bounded(unix_ms) / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return parts;
}

}  // namespace

std::string as_time(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", parts_of(unix_ms), bounded(unix_ms) % 1000);
}

std::string as_second(std::int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", parts_of(unix_ms));
}

std::string as_http_date(std::int64_t unix_ms) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", parts_of(unix_ms));
}

}  // namespace nexus
