// Syntax checks of addresses, host names and origins, without DNS.
#pragma once

#include <string_view>

namespace nexus::config {

bool is_address(std::string_view text);  // an IP address or "localhost"
// True if only this machine can reach it: "localhost", 127.0.0.0/8, "::1".
bool is_loopback(std::string_view address);

// "app.example.org": letters, digits, '-' and '_' between dots.
bool is_host_name(std::string_view text);
// A host name or "[::1]", with or without a port.
bool is_host(std::string_view text);
// A host name, optionally preceded by "*.".
bool is_domain_pattern(std::string_view text);
// "https://app.example.org:8443"; one trailing slash is accepted.
bool is_web_origin(std::string_view text);
// Empty, or "http://[user:password@]host[:port]", or https, socks5, socks5h.
bool is_proxy_url(std::string_view text);

}  // namespace nexus::config
