#include "nexus/front/http/response.h"

#include <fmt/format.h>

#include <boost/beast/http/status.hpp>

#include "nexus/foundation/json/json.h"

namespace nexus::http {
namespace {

constexpr std::size_t kMostKeptBytes = 4 << 10;  // of a body's buffer between requests
constexpr std::size_t kCopiedBytes = 4 << 10;    // copying so much is cheaper than sending a second part

constexpr int kRetryAfterMs = 1000;  // when the error has no time of its own

// A rejection that may pass: the response says when to try again.
bool is_for_now(unsigned status) { return status == 429 || status == 503; }

bool has_content(unsigned status) { return status != 204 && status != 304; }

bool is_in_bytes(const LimitReached& limit) { return limit.layer == "container" || limit.layer == "budget"; }

std::string_view reason_of(unsigned status) {
  const auto reason = boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  return {reason.data(), reason.size()};
}

}  // namespace

unsigned status_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidRequest:
    case ErrorCode::kCompilationError:
    case ErrorCode::kInvalidHandler:
    case ErrorCode::kCapabilityNotAllowed:
      return 400;
    case ErrorCode::kUnauthorized:
      return 401;
    case ErrorCode::kForbidden:
    case ErrorCode::kOriginNotAllowed:
      return 403;
    case ErrorCode::kNotFound:
    case ErrorCode::kPanelNotFound:
    case ErrorCode::kToolNotFound:
    case ErrorCode::kExecutionNotFound:
    case ErrorCode::kSuspensionNotFound:
      return 404;
    case ErrorCode::kMethodNotAllowed:
      return 405;
    case ErrorCode::kPanelExists:
      return 409;
    case ErrorCode::kPreconditionFailed:
      return 412;
    case ErrorCode::kPayloadTooLarge:
      return 413;
    case ErrorCode::kMisdirected:
      return 421;
    case ErrorCode::kIdempotencyMismatch:
      return 422;
    case ErrorCode::kUpgradeRequired:
      return 426;
    case ErrorCode::kPanelBusy:
      return 429;
    case ErrorCode::kOverloaded:
    case ErrorCode::kShuttingDown:
      return 503;
    default:
      return 500;
  }
}

void append_error_json(std::string& out, const Error& error, std::string_view details_json) {
  out += R"({"error":)";
  append_json_string(out, error.message);
  out += R"(,"code":")";
  out += name(error.code);
  out += '"';
  if (!details_json.empty()) {
    out += R"(,"details":)";
    out += details_json;
  }
  out += '}';
}

std::string details_of(const Error& error) {
  if (!error.limit) return {};
  std::string out = R"({"layer":)";
  append_json_string(out, error.limit->layer);
  out += R"(,"setting":)";
  append_json_string(out, error.limit->setting);
  const bool bytes = is_in_bytes(*error.limit);
  out += fmt::format(R"(,"{}":{},"{}":{})", bytes ? "limitBytes" : "limit", error.limit->limit,
                     bytes ? "wantedBytes" : "wanted", error.limit->wanted);
  if (error.limit->free) out += fmt::format(R"(,"freeBytes":{})", *error.limit->free);
  if (is_for_now(status_of(error.code)) || error.retry_after_ms)
    out += fmt::format(R"(,"retryAfterMs":{})", error.retry_after_ms.value_or(kRetryAfterMs));
  out += '}';
  return out;
}

void Response::clear() {
  status_ = 200;
  content_type_ = ContentType::kJson;
  headers_.clear();
  challenge_ = "Bearer";
  body_.clear();
  if (body_.capacity() > kMostKeptBytes) body_.shrink_to_fit();
}

void Response::add_header(std::string_view name, std::string_view value) {
  headers_.reserve(headers_.size() + name.size() + value.size() + 4);
  headers_ += name;
  headers_ += ": ";
  headers_ += value;
  headers_ += "\r\n";
}

void Response::refuse(const Error& error, std::string_view details_json) {
  clear();
  status_ = status_of(error.code);
  if (is_for_now(status_)) {
    const int retry_after_ms = error.retry_after_ms.value_or(kRetryAfterMs);  // in whole seconds
    add_header("Retry-After", fmt::format_int(std::max(1, (retry_after_ms + 999) / 1000)).c_str());
  }
  if (status_ == 426) {
    add_header("Upgrade", "websocket");
    add_header("Sec-WebSocket-Version", "13");
  }
  append_error_json(body_, error, details_json.empty() ? std::string_view(details_of(error)) : details_json);
}

std::array<boost::asio::const_buffer, 2> Response::serialise(std::string_view date, int version,
                                                             Connection connection, Body body,
                                                             std::string_view request_id) {
  const auto out = std::back_inserter(head_);
  head_.clear();
  fmt::format_to(out, "HTTP/1.1 {} {}\r\nDate: {}\r\nNexus-Api-Version: 2\r\n", status_, reason_of(status_),
                 date);
  if (has_content(status_)) {
    head_ += content_type_ == ContentType::kJson
                 ? "Content-Type: application/json\r\nContent-Length: "
                 : "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                   "Content-Length: ";
    const fmt::format_int length(body_.size());
    head_.append(length.data(), length.size());
    head_ += "\r\n";
  }
  if (status_ == 401) {
    head_ += "WWW-Authenticate: ";
    head_ += challenge_;
    head_ += "\r\n";
  }
  head_ += headers_;
  if (!request_id.empty()) head_.append("X-Request-Id: ").append(request_id).append("\r\n");
  if (connection == Connection::kClose) {
    head_ += "Connection: close\r\n";
  } else if (version == 10) {
    head_ += "Connection: keep-alive\r\n";
  }
  head_ += "\r\n";
  if (body == Body::kOnlyDescribed || !has_content(status_)) return {boost::asio::buffer(head_), {}};
  if (body_.size() > kCopiedBytes) return {boost::asio::buffer(head_), boost::asio::buffer(body_)};
  head_ += body_;
  return {boost::asio::buffer(head_), {}};
}

}  // namespace nexus::http
