// Header fields: rules for requests of handlers, and the JSON of a response's headers.
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
const HttpHeader* find_header(const HttpHeaders& headers, std::string_view name);

// Why a handler may not send this header: its name is no token or belongs to the connection (Host, Content-Length,
// Transfer-Encoding, Proxy-*...), or its value has a line break.
std::optional<CallError> check_header(const HttpHeader& header);

// Removes headers that another origin must not see: Authorization, Cookie.
void remove_credentials(HttpHeaders& headers);
// Removes the headers that describe a body: Content-*.
void remove_content_headers(HttpHeaders& headers);

// {"content-type":"text/html","set-cookie":["a=1","b=2"]}: names in lower case; repeated headers joined by ", ".
// set-cookie is always an array, because its values contain commas.
std::string headers_json(const HttpHeaders& headers);

}  // namespace nexus::extensions
