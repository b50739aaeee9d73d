#include "nexus/runtime/extensions/http_headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "nexus/foundation/base/text.h"
#include "nexus/foundation/json/json_text.h"

namespace nexus::extensions {
namespace {

constexpr std::array<std::string_view, 10> kOfTheConnection{
    "connection", "content-length", "expect",           "host", "http2-settings", "keep-alive", "te",
    "trailer",    "upgrade",        "transfer-encoding"};

bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_value_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  return is_same_word(name.substr(0, prefix.size()), prefix);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), nexus::lower);
  return lower;
}

// Shortens a name for a message: a hostile one may be very long.
std::string_view shortened(std::string_view name) { return name.substr(0, 64); }

}  // namespace

bool is_http_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

const HttpHeader* find_header(const HttpHeaders& headers, std::string_view name) {
  const auto found = std::ranges::find_if(
      headers, [&](const HttpHeader& header) { return is_same_word(header.name, name); });
  return found == headers.end() ? nullptr : &*found;
}

std::optional<CallError> check_header(const HttpHeader& header) {
  if (!is_http_token(header.name)) return type_error("the name of a header must be a token");
  if (!std::ranges::all_of(header.value, is_value_character)) {
    return type_error(
        fmt::format("the header {} has a line's end or a control character in it", shortened(header.name)));
  }
  const auto is_it = [&](std::string_view name) { return is_same_word(header.name, name); };
  if (std::ranges::any_of(kOfTheConnection, is_it) || has_prefix(header.name, "proxy-"))
    return type_error(fmt::format("the header {} is not the handler's to set", shortened(header.name)));
  return std::nullopt;
}

void remove_credentials(HttpHeaders& headers) {
  std::erase_if(headers, [](const HttpHeader& header) {
    return is_same_word(header.name, "authorization") || is_same_word(header.name, "cookie");
  });
}

void remove_content_headers(HttpHeaders& headers) {
  std::erase_if(headers, [](const HttpHeader& header) { return has_prefix(header.name, "content-"); });
}

std::string headers_json(const HttpHeaders& headers) {
  std::map<std::string, std::string> joined;
  std::vector<std::string_view> cookies;
  for (const HttpHeader& header : headers) {
    std::string name = lower_case(header.name);
    if (name == "set-cookie") {
      cookies.push_back(header.value);
      continue;
    }
    const auto [at, is_first] = joined.try_emplace(std::move(name), header.value);
    if (!is_first) at->second += ", " + header.value;
  }
  std::string json = "{";
  const auto add = [&](std::string_view name, std::string_view value_json) {
    if (json.size() > 1) json += ',';
    append_json_string(json, name);
    json += ':';
    json += value_json;
  };
  for (const auto& [name, value] : joined)
    add(name, json_string(value));
  if (!cookies.empty()) add("set-cookie", json_array(cookies, json_string));
  return json + '}';
}

}  // namespace nexus::extensions
