#include "nexus/front/http/request.h"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include "nexus/foundation/base/text.h"

namespace nexus::http {
namespace {

namespace beast_http = boost::beast::http;

// An idle connection does not keep a larger buffer that one large request needed.
constexpr std::size_t kMostKeptBytes = 4 << 10;
// The most that is reserved for a body before its bytes arrive: a client may announce much and send nothing.
constexpr std::uint64_t kMostReservedBytes = 64 << 10;

void clear_text(std::string& text) {
  text.clear();
  if (text.capacity() > kMostKeptBytes) text.shrink_to_fit();
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

void add_to_list(std::optional<std::string>& list, boost::beast::string_view value) {
  if (list) {
    list->append(", ");
  } else {
    list.emplace();
  }
  list->append(value.data(), value.size());
}

// The first element of the list, to which each proxy on the way appends.
void set_first(std::string& text, boost::beast::string_view value) {
  if (!text.empty()) return;
  std::string_view list(value.data(), value.size());
  text = trimmed(take_until(list, ','));
}

}  // namespace

void Request::clear() {
  for (std::string* text : {&target, &host, &origin, &prefer, &authorization, &websocket_key,
                            &websocket_version, &forwarded_proto, &forwarded_host, &challenge, &body})
    clear_text(*text);
  route = {};
  trace.clear();
  idempotency_key.reset();
  if_match.reset();
  if_none_match.reset();
  method = Method::unknown;
  principal.reset();
  has_host = has_requested_method = expects_continue = keep_alive = asks_for_websocket = false;
  version = 11;
}

void normalise_target(std::string& target) {
  if (!target.starts_with('/')) {
    const auto scheme = target.find("://");
    if (scheme == std::string::npos) return;
    const auto path = target.find('/', scheme + 3);
    target.erase(0, std::min(path, target.size()));
    if (!target.starts_with('/')) target.insert(target.begin(), '/');
  }
  if (target.find('%') == std::string::npos) return;
  std::string normal;
  for (std::size_t from = 0; from < target.size();) {
    const std::size_t escape = target.find('%', from);
    normal.append(target, from, escape - from);
    if (escape == std::string::npos) break;
    const int high = escape + 2 < target.size() ? hex_digit(target[escape + 1]) : -1;
    const int low = high >= 0 ? hex_digit(target[escape + 2]) : -1;
    if (low < 0) {  // no escape; with more of its part decoded it could look like one
      from = std::min(target.find_first_of("/?&", escape), target.size());
      normal.append(target, escape, from - escape);
      continue;
    }
    const char decoded = static_cast<char>(high * 16 + low);
    if (is_unreserved(decoded)) {
      normal += decoded;
    } else {
      normal.append(target, escape, 3);
    }
    from = escape + 3;
  }
  target = std::move(normal);
}

std::string masked(std::string_view target) {
  constexpr std::string_view kName = "token=";
  std::string shown;
  auto end = std::min(target.find('?'), target.size());
  shown.append(target.substr(0, end));
  while (end < target.size()) {
    const auto next = std::min(target.find('&', end + 1), target.size());
    const std::string_view pair = target.substr(end + 1, next - end - 1);
    const bool is_token = is_same_word(pair.substr(0, kName.size()), kName);
    shown += target[end];
    shown.append(is_token ? "token=***" : pair);
    end = next;
  }
  return shown;
}

RequestParser::RequestParser(Request& request, Routes routes, std::uint64_t body_limit,
                             std::uint32_t header_limit)
    : request_(request), routes_(routes), body_limit_(body_limit) {
  request_.clear();
  eager(true);
  this->header_limit(header_limit);
  this->body_limit(boost::none);  // our own check tells 413 from 400
}

void RequestParser::on_request_impl(Method method, View, View target, int version, Code& code) {
  if (version != 10 && version != 11) code = beast_http::error::bad_version;
  request_.method = method;
  request_.version = version;
  request_.target.assign(target.data(), target.size());
  normalise_target(request_.target);
  request_.route = find_route(routes_, method, request_.target);
}

void RequestParser::only_once(bool is_there, std::string_view header, Code& code) {
  if (!is_there) return;
  repeated_header_ = header;
  code = beast_http::error::bad_field;
}

void RequestParser::on_field_impl(beast_http::field name, View name_text, View value, Code& code) {
  if (is_header_done()) return;  // a trailer: ignored
  if (name == beast_http::field::host) {
    only_once(request_.has_host, "Host", code);  // repeated: it would be unclear which rules apply
    request_.has_host = true;
    request_.host.assign(value.data(), value.size());
  } else if (name == beast_http::field::origin) {
    only_once(!request_.origin.empty(), "Origin", code);
    request_.origin.assign(value.data(), value.size());
    if (value.empty()) request_.origin = "null";
  } else if (name == beast_http::field::transfer_encoding) {
    // Rejects other codings. Beast would take such a body for empty and its bytes for the next request. A proxy in
    // front of us may not, and then one client could smuggle requests into another client's connection.
    if (!is_same_word(value, "chunked") || request_.version < 11)
      code = beast_http::error::bad_transfer_encoding;
  } else if (name == beast_http::field::if_match) {
    add_to_list(request_.if_match, value);
  } else if (name == beast_http::field::if_none_match) {
    add_to_list(request_.if_none_match, value);
  } else if (name == beast_http::field::authorization) {
    only_once(!request_.authorization.empty(), "Authorization", code);
    request_.authorization.assign(value.data(), value.size());
  } else if (name == beast_http::field::prefer) {
    if (!request_.prefer.empty()) request_.prefer += ',';
    request_.prefer.append(value.data(), value.size());
  } else if (name == beast_http::field::access_control_request_method) {
    request_.has_requested_method = true;
  } else if (name == beast_http::field::expect) {
    request_.expects_continue = is_same_word(value, "100-continue");
  } else if (name == beast_http::field::upgrade) {
    request_.asks_for_websocket |= beast_http::token_list(value).exists("websocket");
  } else if (name == beast_http::field::sec_websocket_key) {
    only_once(!request_.websocket_key.empty(), "Sec-WebSocket-Key", code);
    request_.websocket_key.assign(value.data(), value.size());
  } else if (name == beast_http::field::sec_websocket_version) {
    request_.websocket_version.assign(value.data(), value.size());
  } else if (is_same_word(name_text, "Idempotency-Key")) {
    only_once(request_.idempotency_key.has_value(), "Idempotency-Key", code);
    request_.idempotency_key.emplace(value.data(), value.size());
  } else if (is_same_word(name_text, "X-Request-Id")) {
    if (is_request_id(value)) request_.trace.request_id.assign(value.data(), value.size());
  } else if (is_same_word(name_text, "traceparent")) {
    if (is_trace_parent(value)) request_.trace.parent.assign(value.data(), value.size());
  } else if (is_same_word(name_text, "tracestate")) {
    if (value.size() <= kMostTraceStateBytes) request_.trace.state.assign(value.data(), value.size());
  } else if (is_same_word(name_text, "X-Forwarded-Proto")) {
    set_first(request_.forwarded_proto, value);
  } else if (is_same_word(name_text, "X-Forwarded-Host")) {
    set_first(request_.forwarded_host, value);
  }
}

// The parser asks for memory only at the first byte of the body; we check the length before.
void RequestParser::on_header_impl(Code& code) {
  request_.keep_alive = keep_alive();
  request_.asks_for_websocket &= upgrade();
  const auto length = content_length();
  if (!length) return;
  if (*length > body_limit_) return refuse_body(code);
  request_.body.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(*length, kMostReservedBytes)));
}

std::size_t RequestParser::on_body_impl(View part, Code& code) {
  if (part.size() > body_limit_ - request_.body.size()) {
    refuse_body(code);
    return 0;
  }
  request_.body.append(part.data(), part.size());
  return part.size();
}

void RequestParser::refuse_body(Code& code) {
  is_body_too_large_ = true;
  code = beast_http::error::body_limit;
}

}  // namespace nexus::http
