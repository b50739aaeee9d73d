#include "nexus/runtime/extensions/http_response.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>

#include "nexus/foundation/base/base64.h"
#include "nexus/foundation/base/text.h"
#include "nexus/foundation/json/json.h"

namespace nexus::extensions {
namespace {

constexpr std::array<std::string_view, 9> kBinary{"application/gzip",
                                                  "application/octet-stream",
                                                  "application/pdf",
                                                  "application/wasm",
                                                  "application/zip",
                                                  "audio/",
                                                  "font/",
                                                  "image/",
                                                  "video/"};

// "application/json" of "Application/JSON; charset=utf-8".
std::string media_type(const HttpHeaders& headers) {
  const HttpHeader* header = find_header(headers, "content-type");
  if (header == nullptr) return {};
  std::string_view rest = header->value;
  std::string type(trimmed(take_until(rest, ';')));
  std::ranges::transform(type, type.begin(), lower);
  return type;
}

bool is_json(std::string_view type) {
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

bool is_binary(std::string_view type) {
  if (type.ends_with("+xml")) return false;  // image/svg+xml
  return std::ranges::any_of(kBinary, [&](std::string_view prefix) { return type.starts_with(prefix); });
}

}  // namespace

Result<std::string> response_json(const HttpResponse& response, budget::Grant& grant) {
  const std::string type = media_type(response.headers);
  const std::string_view body = response.body;
  const bool is_text =
      body.empty() || (!is_binary(type) && simdjson::validate_utf8(body.data(), body.size()));
  const bool has_json = is_text && is_json(type) && check_json(body) == JsonError::kNone;
  const std::string head =
      fmt::format(R"({{"status":{},"headers":{})", response.status, headers_json(response.headers));
  const std::size_t text_bytes = is_text ? json_string_size(body) : base64_size(body.size()) + 3;
  const std::size_t bytes = head.size() + text_bytes + (has_json ? body.size() : 0) + 32;
  if (auto granted = grant.grow_by(bytes); !granted) return std::unexpected(std::move(granted).error());

  std::string json;
  json.reserve(bytes);
  json = head;
  if (is_text) {
    json += R"(,"body":)";
    append_json_string(json, body);
  } else {
    json += R"(,"bodyBase64":")";
    append_base64(json, body);
    json += '"';
  }
  const std::size_t without_json = json.size();
  if (has_json) {
    json += R"(,"json":)";
    json += body;
  }
  json += '}';
  // The response object adds one level of depth, which may exceed the limit.
  if (has_json && check_json(json) != JsonError::kNone) {
    json.resize(without_json);
    json += '}';
  }
  return json;
}

}  // namespace nexus::extensions
