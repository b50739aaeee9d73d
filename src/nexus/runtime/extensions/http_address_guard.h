// Which addresses are the world's, and which are this machine's and its network's own: a handler that could reach those would
// speak in the server's name, to databases without passwords and to the cloud's metadata. Numbers alone, nothing is looked up.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

namespace nexus::extensions {

// The rule that refuses `address`, "loopback (127.0.0.0/8)"; none: it is a public one. Whatever is no address of the internet
// is refused. Addresses that carry one of IPv4 within them are refused whatever that is. REQUIRES: as long as its family's.
std::optional<std::string_view> refusing_rule(const sockaddr& address);

// The same for the host of a URL, when it is an address ("127.0.0.1", "::1", "fe80::1%eth0"); none: a name, or allowed.
std::optional<std::string_view> refusing_rule(std::string_view host);

std::string address_text(const sockaddr& address);

}  // namespace nexus::extensions
