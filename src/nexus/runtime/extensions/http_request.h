// A request of a handler, read from the arguments of its call.
//
//   request({method, url, headers, body, timeoutMs, idempotent})
//   get(url, {headers, timeoutMs, idempotent})       post, put, patch, delete(url, body, {the same})
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/runtime/extensions/call_error.h"
#include "nexus/runtime/extensions/http_headers.h"

namespace nexus::extensions {

struct HttpRequest {
  std::string method = "GET";  // upper case
  std::string url;             // as given
  HttpHeaders headers;
  std::optional<std::string> body;
  std::uint64_t timeout_ms = 0;
  bool is_idempotent = false;  // may be sent again when a kept connection turns out to be dead

  std::uint64_t bytes() const;
};

std::vector<std::string_view> http_methods();  // methods of the extension: "request", "get", ...

// `call`: one of http_methods(). `most_timeout_ms`: the timeout, unless the handler asks for a shorter one.
std::expected<HttpRequest, CallError> read_http_request(std::string_view call, std::string_view args_json,
                                                        std::uint64_t most_timeout_ms);

}  // namespace nexus::extensions
