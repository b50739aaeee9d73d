#include "nexus/runtime/extensions/http_address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace nexus::extensions {
namespace {

// IANA's registries of special-purpose addresses, and addresses that clouds reserve. The first rule that matches is
// reported.
struct Rule {
  std::array<std::uint8_t, 16> prefix;
  int bits;
  std::string_view name;
};

constexpr auto kRules4 = std::to_array<Rule>({
    {{0}, 8, "this network (0.0.0.0/8)"},
    {{10}, 8, "private (10.0.0.0/8)"},
    {{100, 64}, 10, "shared by carriers (100.64.0.0/10)"},
    {{127}, 8, "loopback (127.0.0.0/8)"},
    {{168, 63, 129, 16}, 32, "cloud metadata (168.63.129.16)"},
    {{169, 254, 169, 254}, 32, "cloud metadata (169.254.169.254)"},
    {{169, 254}, 16, "link-local (169.254.0.0/16)"},
    {{172, 16}, 12, "private (172.16.0.0/12)"},
    {{192, 0, 0}, 24, "protocol assignments (192.0.0.0/24)"},
    {{192, 0, 2}, 24, "documentation (192.0.2.0/24)"},
    {{192, 88, 99}, 24, "relays of 6to4 (192.88.99.0/24)"},
    {{192, 168}, 16, "private (192.168.0.0/16)"},
    {{198, 18}, 15, "benchmarks (198.18.0.0/15)"},
    {{198, 51, 100}, 24, "documentation (198.51.100.0/24)"},
    {{203, 0, 113}, 24, "documentation (203.0.113.0/24)"},
    {{224}, 4, "multicast (224.0.0.0/4)"},
    {{255, 255, 255, 255}, 32, "broadcast (255.255.255.255)"},
    {{240}, 4, "reserved (240.0.0.0/4)"},
});

constexpr auto kRules6 = std::to_array<Rule>({
    {{0}, 128, "unspecified (::)"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback (::1)"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, "IPv4-mapped (::ffff:0:0/96)"},
    {{0}, 96, "IPv4-compatible (::/96)"},
    {{0x00, 0x64, 0xff, 0x9b}, 96, "NAT64 (64:ff9b::/96)"},
    {{0x00, 0x64, 0xff, 0x9b, 0x00, 0x01}, 48, "NAT64 (64:ff9b:1::/48)"},
    {{0x01, 0x00}, 64, "discarded (100::/64)"},
    {{0x20, 0x01, 0x00, 0x00}, 32, "Teredo (2001::/32)"},
    {{0x20, 0x01, 0x00}, 23, "protocol assignments (2001::/23)"},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "documentation (2001:db8::/32)"},
    {{0x20, 0x02}, 16, "6to4 (2002::/16)"},
    {{0x3f, 0xff}, 20, "documentation (3fff::/20)"},
    {{0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     128,
     "cloud metadata (fd00:ec2::254)"},
    {{0xfc}, 7, "unique-local (fc00::/7)"},
    {{0xfe, 0x80}, 10, "link-local (fe80::/10)"},
    {{0xfe, 0xc0}, 10, "site-local (fec0::/10)"},
    {{0xff}, 8, "multicast (ff00::/8)"},
});
constexpr Rule kGlobalUnicast6{{0x20}, 3, {}};

bool fits(const Rule& rule, std::span<const std::uint8_t> address) {
  const auto whole = static_cast<std::size_t>(rule.bits) / 8;
  const int rest = rule.bits % 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), rule.prefix.begin()))
    return false;
  return rest == 0 || (address[whole] ^ rule.prefix[whole]) >> (8 - rest) == 0;
}

std::optional<std::string_view> first_rule(std::span<const Rule> rules,
                                           std::span<const std::uint8_t> address) {
  const auto found = std::ranges::find_if(rules, [&](const Rule& rule) { return fits(rule, address); });
  if (found == rules.end()) return std::nullopt;
  return found->name;
}

std::optional<std::string_view> refusing_rule4(const in_addr& address) {
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  return first_rule(kRules4, bytes);
}

std::optional<std::string_view> refusing_rule6(const in6_addr& address) {
  const std::span<const std::uint8_t> bytes(address.s6_addr);
  if (const auto rule = first_rule(kRules6, bytes)) return rule;
  if (!fits(kGlobalUnicast6, bytes)) return "not global (outside of 2000::/3)";
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> refusing_rule(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    return refusing_rule4(ipv4.sin_addr);
  }
  if (address.sa_family == AF_INET6) {
    sockaddr_in6 ipv6{};
    std::memcpy(&ipv6, &address, sizeof ipv6);
    return refusing_rule6(ipv6.sin6_addr);
  }
  return "no address of the internet";
}

std::optional<std::string_view> refusing_rule(std::string_view host) {
  const std::string text(host.substr(0, host.find('%')));  // cuts off the interface
  in_addr ipv4{};
  in6_addr ipv6{};
  if (inet_pton(AF_INET, text.c_str(), &ipv4) == 1) return refusing_rule4(ipv4);
  if (inet_pton(AF_INET6, text.c_str(), &ipv6) == 1) return refusing_rule6(ipv6);
  return std::nullopt;
}

std::string address_text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  sockaddr_in ipv4{};
  sockaddr_in6 ipv6{};
  if (address.sa_family == AF_INET) {
    std::memcpy(&ipv4, &address, sizeof ipv4);
    inet_ntop(AF_INET, &ipv4.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    std::memcpy(&ipv6, &address, sizeof ipv6);
    inet_ntop(AF_INET6, &ipv6.sin6_addr, text.data(), text.size());
  }
  return text.data();
}

}  // namespace nexus::extensions
