// Where a request goes, and whether it may. The URL is read by libcurl's own reader, so that what is checked is what is
// connected to.
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
  std::string host;    // "example.org", "127.0.0.1", "::1"; without a dot at its end
  std::string origin;  // "https://example.org:443"
};

// A TypeError: no URL, another scheme than http and https, or a user and password in it. No message repeats the URL, which
// may hold secrets. REQUIRES: load_curl() has succeeded.
std::expected<HttpTarget, CallError> read_target(std::string_view url);

// DomainNotAllowed, or AddressNotAllowed for a host that is an address. Names are checked when they are looked up.
std::optional<CallError> check_target(const HttpTarget& target, const config::HttpExtensionConfig& config);

bool is_allowed_domain(std::string_view host, const config::HttpExtensionConfig& config);

// An AddressNotAllowed; `address` is what `host` stands for.
CallError address_error(std::string_view host, std::string_view address, std::string_view rule);

}  // namespace nexus::extensions
