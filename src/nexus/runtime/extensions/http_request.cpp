#include "nexus/runtime/extensions/http_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nexus/foundation/base/base64.h"
#include "nexus/runtime/extensions/arguments.h"

namespace nexus::extensions {
namespace {

constexpr std::size_t kMostMethodBytes = 32;
constexpr std::array<std::string_view, 6> kMethods{"request", "get", "post", "put", "patch", "delete"};
constexpr std::array<std::string_view, 5> kIdempotent{"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
constexpr std::string_view kBodyRule =
    "the body must be a string, an object or array, which is sent as JSON, or {base64: \"...\"}";

std::string upper_case(std::string_view text) {
  std::string upper(text);
  for (char& c : upper)
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return upper;
}

class Reader {
 public:
  Reader(std::string_view call, std::uint64_t most_timeout_ms)
      : call_(call), most_timeout_ms_(most_timeout_ms) {}

  std::expected<HttpRequest, CallError> read(std::string_view args_json) {
    request_.timeout_ms = most_timeout_ms_;
    if (call_ != "request") request_.method = upper_case(call_);
    for_each_argument(args_json, [this](std::size_t index, json::value value) {
      read_argument(index, value);
      return !error_;
    });
    complete();
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(request_);
  }

 private:
  void refuse(CallError error) {
    if (!error_) error_ = std::move(error);
  }
  void refuse(std::string message) { refuse(type_error(std::move(message))); }

  void read_argument(std::size_t index, json::value value) {
    if (call_ == "request" && index == 0) return read_options(value);
    if (call_ != "request") {
      const std::size_t options_at = call_ == "get" ? 1 : 2;
      if (index == 0) return read_url(value);
      if (index == options_at) return is_null(value) ? void() : read_options(value);
      if (index < options_at) return read_body(value);
    }
    if (!is_null(value)) refuse(fmt::format("{}() takes no argument {}", call_, index + 1));
  }

  void read_options(json::value value) {
    const bool is_object = for_each_option(value, [this](std::string_view key, json::value inner) {
      // Treats null as left out: a handler that passes undefined means the same.
      if (!is_null(inner)) read_option(key, inner);
      return !error_;
    });
    if (!is_object) refuse(fmt::format("the options of {}() must be an object", call_));
  }

  void read_option(std::string_view key, json::value value) {
    if (key == "headers") return read_headers(value);
    if (key == "timeoutMs") return read_timeout(value);
    if (key == "idempotent") return read_idempotent(value);
    if (call_ == "request") {
      if (key == "method") return read_method(value);
      if (key == "url") return read_url(value);
      if (key == "body") return read_body(value);
    }
    refuse(fmt::format("{} is no option of {}()", key.substr(0, 64), call_));
  }

  void read_url(json::value value) {
    std::string_view url;
    if (value.get_string().get(url) != simdjson::SUCCESS) return refuse("the URL must be a string");
    request_.url = url;
  }

  void read_method(json::value value) {
    std::string_view method;
    if (value.get_string().get(method) != simdjson::SUCCESS || !is_http_token(method) ||
        method.size() > kMostMethodBytes) {
      return refuse("the method must be a token such as \"GET\"");
    }
    request_.method = upper_case(method);
    if (request_.method == "CONNECT" || request_.method == "TRACE" || request_.method == "TRACK")
      refuse(fmt::format("the method {} is not for handlers", request_.method));
  }

  void read_timeout(json::value value) {
    const auto ms = read_ms(value, "timeoutMs", 1, kThirtyDaysMs);
    if (!ms) return refuse(ms.error());
    request_.timeout_ms = std::min(*ms, most_timeout_ms_);
  }

  void read_idempotent(json::value value) {
    bool is_idempotent = false;
    if (value.get_bool().get(is_idempotent) != simdjson::SUCCESS)
      return refuse("idempotent must be true or false");
    is_idempotent_ = is_idempotent;
  }

  void read_headers(json::value value) {
    const bool is_object = for_each_option(value, [this](std::string_view key, json::value inner) {
      const std::string name(key);
      json::array values;
      if (inner.get_array().get(values) != simdjson::SUCCESS) {
        read_header(name, inner);
        return !error_;
      }
      for (auto element : values) {
        json::value one;
        if (element.get(one) != simdjson::SUCCESS) break;
        read_header(name, one);
      }
      return !error_;
    });
    if (!is_object) refuse("headers must be an object: {\"accept\": \"text/html\"}");
  }

  void read_header(const std::string& name, json::value value) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS)
      return refuse("the value of a header must be a string or an array of strings");
    HttpHeader header{name, std::string(text)};
    if (auto error = check_header(header)) return refuse(*std::move(error));
    request_.headers.push_back(std::move(header));
  }

  void read_body(json::value value) {
    json::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS || type == json::json_type::null) return;
    if (type == json::json_type::string) {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) return refuse(std::string(kBodyRule));
      request_.body = text;
      default_type_ = "text/plain;charset=UTF-8";
    } else if (type == json::json_type::object || type == json::json_type::array) {
      std::string_view raw;
      if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS)
        return refuse(std::string(kBodyRule));
      request_.body = raw;
      default_type_ = "application/json";
      if (type == json::json_type::object) read_bytes(raw);
    } else {
      refuse(std::string(kBodyRule));
    }
  }

  // {base64: "..."} without further members.
  void read_bytes(std::string_view raw) {
    const std::string document = fmt::format("[{}]", raw);
    std::size_t members = 0;
    std::optional<std::string> text;
    for_each_argument(document, [&](std::size_t, json::value value) {
      return for_each_option(value, [&](std::string_view key, json::value inner) {
        std::string_view base64;
        if (++members == 1 && key == "base64" && inner.get_string().get(base64) == simdjson::SUCCESS)
          text = base64;
        return members == 1 && text;
      });
    });
    if (members != 1 || !text) return;
    request_.body = from_base64(*text);
    default_type_ = {};
    if (!request_.body) refuse("the body's base64 is none: A-Z a-z 0-9 + / with = at its end");
  }

  // Checks that need more than one option.
  void complete() {
    if (error_) return;
    if (request_.url.empty()) return refuse("there is no URL");
    if (request_.body && (request_.method == "GET" || request_.method == "HEAD"))
      return refuse(fmt::format("a request with the method {} has no body", request_.method));
    if (request_.body && !default_type_.empty() && find_header(request_.headers, "content-type") == nullptr)
      request_.headers.push_back({"Content-Type", std::string(default_type_)});
    request_.is_idempotent =
        is_idempotent_.value_or(std::ranges::find(kIdempotent, request_.method) != kIdempotent.end());
  }

  std::string_view call_;
  std::uint64_t most_timeout_ms_;
  HttpRequest request_;
  std::string_view default_type_;  // content type of the body
  std::optional<bool> is_idempotent_;
  std::optional<CallError> error_;
};

}  // namespace

std::uint64_t HttpRequest::bytes() const {
  std::uint64_t bytes = sizeof *this + method.size() + url.size() + (body ? body->size() : 0);
  for (const HttpHeader& header : headers)
    bytes += sizeof header + header.name.size() + header.value.size();
  return bytes;
}

std::vector<std::string_view> http_methods() { return {kMethods.begin(), kMethods.end()}; }

std::expected<HttpRequest, CallError> read_http_request(std::string_view call, std::string_view args_json,
                                                        std::uint64_t most_timeout_ms) {
  return Reader(call, most_timeout_ms).read(args_json);
}

}  // namespace nexus::extensions
