// Header fields: what handlers may send, and how what came is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nexus/runtime/extensions/call_error.h"

namespace nexus::extensions {

struct HttpHeader {
  std::string name;
  std::string value;
};
using HttpHeaders = std::vector<HttpHeader>;

bool is_http_token(std::string_view text);  // RFC 9110, section 5.6.2
// Names are compared without regard to case.
bool is_same_name(std::string_view a, std::string_view b);
const HttpHeader* find_header(const HttpHeaders& headers, std::string_view name);

// Why a handler may not send it: no token, a line's end in the value, or a name whose value belongs to the connection
// (Host, Content-Length, Transfer-Encoding, Proxy-*...).
std::optional<CallError> check_header(const HttpHeader& header);

// What another origin must not be told: Authorization, Cookie.
void remove_credentials(HttpHeaders& headers);
// What describes a body: Content-*.
void remove_content_headers(HttpHeaders& headers);

// {"content-type":"text/html","set-cookie":["a=1","b=2"]}: names in lower case, repeated ones joined by ", ", and
// set-cookie, whose values have commas of their own, always as an array.
std::string headers_json(const HttpHeaders& headers);

}  // namespace nexus::extensions
