#include "nexus/foundation/config/addresses.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string>

#include "nexus/foundation/base/text.h"

namespace nexus::config {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// A zero byte would end the text early for inet_pton.
bool is_ip(int family, std::string_view text) {
  in6_addr unused{};
  return !text.contains('\0') && inet_pton(family, std::string(text).c_str(), &unused) == 1;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size();
}

// The text after "://" if it begins with one of `schemes`, else empty.
std::string_view after_scheme(std::string_view text, std::span<const std::string_view> schemes) {
  for (const std::string_view scheme : schemes) {
    if (is_same_word(text.substr(0, scheme.size()), scheme)) return text.substr(scheme.size());
  }
  return {};
}

constexpr std::array<std::string_view, 2> kWebSchemes{"http://", "https://"};
constexpr std::array<std::string_view, 4> kProxySchemes{"http://", "https://", "socks5://", "socks5h://"};

}  // namespace

bool is_address(std::string_view text) {
  return text == "localhost" || is_ip(AF_INET, text) || is_ip(AF_INET6, text);
}

bool is_loopback(std::string_view address) {
  in_addr ipv4{};
  if (inet_pton(AF_INET, std::string(address).c_str(), &ipv4) == 1) return (ntohl(ipv4.s_addr) >> 24) == 127;
  return address == "localhost" || address == "::1";
}

bool is_host_name(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  if (text.size() > 1 && text.ends_with('.')) text.remove_suffix(1);  // the dot of a fully qualified name
  while (true) {
    const auto dot = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, dot);
    if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, is_name_character)) return false;
    if (dot == text.size()) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_host(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ip(AF_INET6, text.substr(1, end - 1))) return false;
    const std::string_view rest = text.substr(end + 1);
    return rest.empty() || (rest.starts_with(':') && is_port(rest.substr(1)));
  }
  const auto colon = text.find(':');
  if (colon != std::string_view::npos && !is_port(text.substr(colon + 1))) return false;
  return is_host_name(text.substr(0, colon));
}

bool is_domain_pattern(std::string_view text) {
  return is_host_name(text.starts_with("*.") ? text.substr(2) : text);
}

bool is_web_origin(std::string_view text) {
  std::string_view host = after_scheme(text, kWebSchemes);
  if (host.ends_with('/')) host.remove_suffix(1);
  return is_host(host);
}

bool is_proxy_url(std::string_view text) {
  if (text.empty()) return true;
  std::string_view rest = after_scheme(text, kProxySchemes);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  return is_host(rest);
}

}  // namespace nexus::config
