#include "nexus/front/http/access_log.h"

#include <fmt/format.h>

#include "nexus/foundation/base/log.h"

namespace nexus::http {

namespace {

constexpr std::size_t kMostTargetBytes = 512;  // a line has 4096 bytes, and a byte becomes at most six

}  // namespace

void write_access(const Request& request, const AccessLogEntry& entry) {
  const auto method = boost::beast::http::to_string(request.method);
  const std::string target = masked(request.target).substr(0, kMostTargetBytes);
  const fmt::format_int status(entry.status), bytes(entry.body_bytes);
  const std::string duration = fmt::format("{:.3f}", static_cast<double>(entry.duration_us) / 1000);
  log_line(spdlog::level::info,
           {{"method", {method.data(), method.size()}},
            {"target", target},
            {"status", {status.data(), status.size()}},
            {"bytes", {bytes.data(), bytes.size()}},
            {"duration_ms", duration},
            {"peer", entry.peer},
            {"request", request.trace.request_id},
            {"trace", request.trace.id()}},
           "answered");
}

}  // namespace nexus::http
