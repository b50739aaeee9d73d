// The codes of network errors.
#pragma once

#include <string>
#include <string_view>

#include "nexus/runtime/extensions/call_error.h"
#include "nexus/runtime/extensions/http_curl.h"

namespace nexus::extensions {

// Codes of an HttpError.
inline constexpr std::string_view kNameNotFound = "NAME_NOT_FOUND";
inline constexpr std::string_view kConnectFailed = "CONNECT_FAILED";
inline constexpr std::string_view kProxyFailed = "PROXY_FAILED";
inline constexpr std::string_view kTlsFailed = "TLS_FAILED";
inline constexpr std::string_view kConnectionLost = "CONNECTION_LOST";
inline constexpr std::string_view kBadAnswer = "BAD_ANSWER";
inline constexpr std::string_view kTooManyRedirects = "TOO_MANY_REDIRECTS";
inline constexpr std::string_view kBadRedirect = "BAD_REDIRECT";
inline constexpr std::string_view kOtherError = "OTHER";

// `text`: libcurl's message, which may contain host names but no request headers; may be empty.
CallError network_error(CURLcode code, std::string_view text);
CallError memory_error(std::string message);

}  // namespace nexus::extensions
