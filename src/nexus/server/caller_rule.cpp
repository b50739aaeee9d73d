#include "nexus/server/caller_rule.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <boost/beast/core/string.hpp>
#include <string>

namespace nexus::server {
namespace {

bool equals(std::string_view a, std::string_view b) {
  return boost::beast::iequals({a.data(), a.size()}, {b.data(), b.size()});
}

bool is_digits(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

// "name:80" without its port.
std::string_view without_port(std::string_view authority) {
  const auto colon = authority.rfind(':');
  const bool has_port = colon != std::string_view::npos && is_digits(authority.substr(colon + 1));
  return has_port ? authority.substr(0, colon) : authority;
}

bool is_known_host(std::string_view host) {
  std::string name(without_port(host));
  in6_addr unused{};
  if (name.starts_with('[') && name.ends_with(']')) {
    name = name.substr(1, name.size() - 2);
    return inet_pton(AF_INET6, name.c_str(), &unused) == 1;
  }
  return equals(name, "localhost") || inet_pton(AF_INET, name.c_str(), &unused) == 1;
}

// An origin names no port when it is its scheme's own.
bool is_same_place(std::string_view authority, std::string_view host, std::string_view standard_port) {
  if (equals(authority, host)) return true;
  const auto bare = without_port(host);
  return equals(authority, bare) && host.substr(bare.size()) == standard_port;
}

bool is_own_origin(std::string_view origin, std::string_view host) {
  constexpr std::string_view kPlain = "http://",
                             kSecure = "https://";  // the latter: a proxy ends TLS before us
  if (origin.starts_with(kPlain)) return is_same_place(origin.substr(kPlain.size()), host, ":80");
  if (origin.starts_with(kSecure)) return is_same_place(origin.substr(kSecure.size()), host, ":443");
  return false;
}

}  // namespace

std::optional<Error> refuse_caller(std::string_view host, std::string_view origin) {
  if (!is_known_host(host)) {
    return Error{
        .code = ErrorCode::kMisdirected,
        .message = fmt::format("this server is not \"{}\": call it by its IP address or as localhost", host)};
  }
  if (!origin.empty() && !is_own_origin(origin, host)) {
    return Error{.code = ErrorCode::kOriginNotAllowed,
                 .message = fmt::format("pages of \"{}\" may not call this server", origin)};
  }
  return std::nullopt;
}

}  // namespace nexus::server
