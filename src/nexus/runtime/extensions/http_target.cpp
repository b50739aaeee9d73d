#include "nexus/runtime/extensions/http_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "nexus/foundation/base/text.h"
#include "nexus/runtime/extensions/http_address_guard.h"
#include "nexus/runtime/extensions/http_curl.h"

namespace nexus::extensions {
namespace {

constexpr std::size_t kMostUrlBytes = 16'384;

std::optional<std::string> part_of(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK) return std::nullopt;
  return CurlText(text).get();
}

// libcurl would convert letters beyond ASCII by the locale, after the check of the name: accept ASCII only.
bool make_lower(CURLU* url) {
  auto host = part_of(url, CURLUPART_HOST);
  if (!host || host->empty() || !std::ranges::all_of(*host, [](char c) { return c > ' ' && c < 0x7f; }))
    return false;
  std::ranges::transform(*host, host->begin(), lower);
  return curl_url_set(url, CURLUPART_HOST, host->c_str(), 0) == CURLUE_OK;
}

std::string_view without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) return host.substr(1, host.size() - 2);
  return host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
}

bool is_subdomain(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() + 1 && host[host.size() - domain.size() - 1] == '.' &&
         is_same_word(host.substr(host.size() - domain.size()), domain);
}

}  // namespace

std::expected<HttpTarget, CallError> read_target(std::string_view text) {
  const auto refuse = [](std::string_view why) { return std::unexpected(type_error(std::string(why))); };
  if (text.size() > kMostUrlBytes)
    return std::unexpected(type_error(fmt::format("the URL is longer than {} bytes", kMostUrlBytes)));
  if (text.contains('\0')) return refuse("the URL is none: it has a zero byte in it");
  const CurlUrl url(curl_url());
  const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE;
  if (const CURLUcode code = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), flags);
      code != CURLUE_OK) {
    return std::unexpected(type_error(
        fmt::format("the URL is none: {}; it begins with http:// or https://", curl_url_strerror(code))));
  }
  const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (!scheme || (*scheme != "http" && *scheme != "https"))
    return refuse("the URL must begin with http:// or https://");
  if (part_of(url.get(), CURLUPART_USER) || part_of(url.get(), CURLUPART_PASSWORD)) {
    return refuse(
        "the URL has a user or a password in it, which end up in logs: send the header Authorization");
  }
  if (!make_lower(url.get()))
    return refuse("the URL is none: its host must be in ASCII, other letters as xn--...");
  curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  const auto whole = part_of(url.get(), CURLUPART_URL);
  const auto host = part_of(url.get(), CURLUPART_HOST);
  const auto port = part_of(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!whole || !host || !port) return refuse("the URL is none");
  return HttpTarget{.url = *whole,
                    .host = std::string(without_brackets(*host)),
                    .origin = fmt::format("{}://{}:{}", *scheme, *host, *port)};
}

bool is_allowed_domain(std::string_view host, const config::HttpExtensionConfig& config) {
  if (config.allowed_domains.empty()) return true;
  return std::ranges::any_of(config.allowed_domains, [&](std::string_view pattern) {
    if (pattern.ends_with('.')) pattern.remove_suffix(1);
    if (pattern.starts_with("*.")) return is_subdomain(host, pattern.substr(2));
    return is_same_word(host, pattern);
  });
}

std::optional<CallError> check_target(const HttpTarget& target, const config::HttpExtensionConfig& config) {
  if (!is_allowed_domain(target.host, config)) {
    return CallError{
        "DomainNotAllowed",
        fmt::format("{} is not one of the domains that this server allows (HTTP_ALLOWED_DOMAINS)",
                    target.host)};
  }
  if (config.allow_private) return std::nullopt;
  if (const auto rule = refusing_rule(std::string_view(target.host)))
    return address_error(target.host, target.host, *rule);
  return std::nullopt;
}

CallError address_error(std::string_view host, std::string_view address, std::string_view rule) {
  std::string who(host);
  if (host != address) who += fmt::format(" is {}, which", address);
  return {"AddressNotAllowed",
          fmt::format("{} is not a public address: {}; HTTP_ALLOW_PRIVATE is false", who, rule)};
}

}  // namespace nexus::extensions
