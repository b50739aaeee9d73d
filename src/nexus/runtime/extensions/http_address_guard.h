// Tells public addresses from those of this machine and its network. A handler that could reach the latter would use
// the server's identity, towards databases without passwords and the cloud's metadata service. No lookup is done here.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace nexus::extensions {

// The rule that forbids `address`, such as "loopback (127.0.0.0/8)"; none: the address is public. Addresses of other
// families are forbidden, and so is every IPv6 address that embeds an IPv4 address. REQUIRES: `address` is as long as
// its family says.
std::optional<std::string_view> refusing_rule(const sockaddr& address);

// The same for the host of a URL that is an address ("127.0.0.1", "::1", "fe80::1%eth0"). None: a name, or a public
// address.
std::optional<std::string_view> refusing_rule(std::string_view host);

std::string address_text(const sockaddr& address);

}  // namespace nexus::extensions
