// Parses the URL of a request and checks whether it is allowed. The parser is libcurl's own, so that the host that is
// checked is the host that is connected to.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "nexus/foundation/config/settings.h"
#include "nexus/runtime/extensions/call_error.h"

namespace nexus::extensions {

struct HttpTarget {
  std::string url;     // normalised: the host in lower case, numeric addresses in their usual form
  std::string host;    // "example.org", "127.0.0.1", "::1"; without a trailing dot
  std::string origin;  // "https://example.org:443"
};

// TypeError: no URL, a scheme other than http and https, or a user and password in it. Messages never repeat the URL,
// which may contain secrets. REQUIRES: load_curl() has succeeded.
std::expected<HttpTarget, CallError> read_target(std::string_view url);

// DomainNotAllowed, or AddressNotAllowed when the host is a forbidden address. Names are checked after their lookup.
std::optional<CallError> check_target(const HttpTarget& target, const config::HttpExtensionConfig& config);

bool is_allowed_domain(std::string_view host, const config::HttpExtensionConfig& config);

// An AddressNotAllowed. `address`: an address of `host`.
CallError address_error(std::string_view host, std::string_view address, std::string_view rule);

}  // namespace nexus::extensions
