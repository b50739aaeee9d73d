#include "nexus/front/auth/origin_policy.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "nexus/foundation/base/text.h"

namespace nexus::auth {
namespace {

constexpr std::string_view kPlain = "http://";
constexpr std::string_view kSecure = "https://";  // a proxy in front of the server ends TLS

bool starts_with(std::string_view text, std::string_view start) {
  return is_same_word(text.substr(0, start.size()), start);
}

bool is_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Cuts the port from "name:80".
std::string_view without_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && is_digits(authority.substr(colon + 1));
  return has_port ? authority.substr(0, colon) : authority;
}

// Cuts the dot from "name.", which is the same name in full.
std::string_view without_root(std::string_view name) {
  return name.ends_with('.') ? name.substr(0, name.size() - 1) : name;
}

bool is_address(std::string name) {
  in6_addr unused{};
  if (name.starts_with('[') && name.ends_with(']')) {
    name = name.substr(1, name.size() - 2);
    return inet_pton(AF_INET6, name.c_str(), &unused) == 1;
  }
  return inet_pton(AF_INET, name.c_str(), &unused) == 1;
}

// `allowed`: "name" or "name:port".
bool is_allowed_host(std::string_view allowed, std::string_view host) {
  const std::string_view name = without_port(allowed), called = without_port(host);
  if (name.empty() || !is_same_word(without_root(name), without_root(called))) return false;
  return name.size() == allowed.size() || allowed.substr(name.size()) == host.substr(called.size());
}

// An origin omits the default port of its scheme.
bool is_same_place(std::string_view authority, std::string_view host, std::string_view standard_port) {
  if (is_same_word(authority, host)) return true;
  const auto bare = without_port(host);
  return is_same_word(authority, bare) && host.substr(bare.size()) == standard_port;
}

bool is_own_origin(std::string_view origin, std::string_view host) {
  if (origin.starts_with(kPlain)) return is_same_place(origin.substr(kPlain.size()), host, ":80");
  if (origin.starts_with(kSecure)) return is_same_place(origin.substr(kSecure.size()), host, ":443");
  return false;
}

// The origin in the spelling of browsers, but in lower case. Empty when it is no scheme and host.
std::string_view normal_origin(std::string_view origin) {
  if (origin.ends_with('/')) origin.remove_suffix(1);
  const bool is_plain = starts_with(origin, kPlain);
  if (!is_plain && !starts_with(origin, kSecure)) return {};
  const std::string_view port = is_plain ? ":80" : ":443";
  if (origin.ends_with(port)) origin.remove_suffix(port.size());
  return origin;
}

}  // namespace

OriginPolicy::OriginPolicy(const std::vector<std::string>& hosts, const std::vector<std::string>& origins)
    : hosts_(hosts) {
  for (const std::string& origin : origins) {
    if (const auto normal = normal_origin(origin); !normal.empty()) origins_.emplace_back(normal);
  }
}

bool OriginPolicy::is_known_host(std::string_view host) const {
  const std::string_view name = without_port(host);
  return is_address(std::string(name)) || is_same_word(without_root(name), "localhost") ||
         std::ranges::any_of(hosts_,
                             [host](std::string_view allowed) { return is_allowed_host(allowed, host); });
}

std::optional<Error> OriginPolicy::refuse_host(std::string_view host) const {
  if (is_known_host(host)) return std::nullopt;
  return Error{.code = ErrorCode::kMisdirected,
               .message = fmt::format("this server is not \"{}\": call it by its IP address or as localhost, "
                                      "or add that name to ALLOWED_HOSTS",
                                      host)};
}

OriginKind OriginPolicy::kind_of(std::string_view origin, std::string_view host) const {
  if (origin.empty()) return OriginKind::kNone;
  if (is_own_origin(origin, host)) return OriginKind::kOwn;
  if (origins_.empty()) return OriginKind::kForeign;
  const std::string_view normal = normal_origin(origin);
  const bool is_allowed = std::ranges::any_of(
      origins_, [normal](std::string_view allowed) { return is_same_word(allowed, normal); });
  return is_allowed ? OriginKind::kAllowed : OriginKind::kForeign;
}

std::optional<Error> OriginPolicy::refuse_origin(std::string_view origin, std::string_view host) const {
  if (kind_of(origin, host) != OriginKind::kForeign) return std::nullopt;
  return Error{.code = ErrorCode::kOriginNotAllowed,
               .message = fmt::format("pages of \"{}\" may not call this server: see CORS_ORIGINS", origin)};
}

}  // namespace nexus::auth
