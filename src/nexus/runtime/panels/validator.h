// Collects the errors of one document, and reads single values. It uses simdjson's on-demand parser, which walks a text
// once from front to back: each value must be read when the parser reaches it.
#pragma once

#include <fmt/format.h>
#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "nexus/foundation/model/error_response.h"

namespace nexus::panels {

namespace json = simdjson::ondemand;

// REQUIRES for all reads: the whole text is checked JSON, so that only types can be wrong.
class Validator {
 public:
  void add(const std::string& path, std::string message) {
    ++count_;
    if (errors_.size() < kMostListed) errors_.push_back({shortened(path), std::move(message)});
  }
  void add_capability(const std::string& path, std::string message) {
    ++capability_errors_;
    add(path, std::move(message));
  }

  bool empty() const { return errors_.empty(); }
  std::size_t count() const { return count_; }
  ValidationErrors take() && {
    const bool only_capabilities = capability_errors_ == count_;
    const std::size_t unlisted = count_ - errors_.size();
    return {only_capabilities ? ErrorCode::kCapabilityNotAllowed : ErrorCode::kInvalidRequest,
            std::move(errors_), unlisted};
  }

  std::optional<std::string> text(json::value value, const std::string& path) {
    std::string_view view;
    if (const auto error = value.get_string().get(view); error == simdjson::SUCCESS) return std::string(view);
    json::json_type type{};
    const bool is_text = value.type().get(type) == simdjson::SUCCESS && type == json::json_type::string;
    add(path, is_text ? "must be valid Unicode" : "must be a string");
    return std::nullopt;
  }

  // A string of `least` to `most` bytes.
  std::optional<std::string> text_of(json::value value, const std::string& path, std::size_t least,
                                     std::size_t most) {
    auto read = text(value, path);
    if (read && (read->size() < least || read->size() > most)) {
      add(path, fmt::format("must be {} to {} bytes long, and is {}", least, most, read->size()));
      return std::nullopt;
    }
    return read;
  }

  std::optional<std::uint64_t> whole_number(json::value value, const std::string& path) {
    std::uint64_t number = 0;
    if (value.get_uint64().get(number) == simdjson::SUCCESS) return number;
    add(path, "must be a whole number, 0 or more");
    return std::nullopt;
  }

  // The text of a JSON object, unchanged.
  std::optional<std::string> raw_object(json::value value, const std::string& path) {
    json::object object;
    std::string_view raw;
    if (value.get_object().get(object) == simdjson::SUCCESS &&
        object.raw_json().get(raw) == simdjson::SUCCESS) {
      return std::string(raw);
    }
    add(path, "must be an object");
    return std::nullopt;
  }

  // Calls `member(key, value)` for each member. Returns false and adds an error when `value` is no object.
  template <std::invocable<std::string_view, json::value> Member>
  bool object(json::value value, const std::string& path, Member member) {
    json::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) {
      add(path, "must be an object");
      return false;
    }
    members(object, path, member);
    return true;
  }

  template <std::invocable<std::string_view, json::value> Member>
  void members(json::object& object, const std::string& path, Member member) {
    std::unordered_set<std::string> seen;
    for (auto field : object) {
      std::string_view key;
      json::value value;
      if (field.unescaped_key().get(key) != simdjson::SUCCESS ||
          field.value().get(value) != simdjson::SUCCESS) {
        add(path, "has a name that is not valid Unicode");
        return;
      }
      if (seen.emplace(key).second) {
        member(key, value);
      } else {
        add(path.empty() ? std::string(key) : fmt::format("{}.{}", path, key), "is there twice");
      }
    }
  }

  // Calls `element(value, path)` for each element. Returns false and adds an error when `value` is no array.
  template <std::invocable<json::value, const std::string&> Element>
  bool array(json::value value, const std::string& path, Element element) {
    json::array array;
    if (value.get_array().get(array) != simdjson::SUCCESS) {
      add(path, "must be an array");
      return false;
    }
    std::size_t index = 0;
    for (auto item : array) {
      json::value one;
      if (item.get(one) != simdjson::SUCCESS) return false;
      element(one, fmt::format("{}[{}]", path, index++));
    }
    return true;
  }

 private:
  // A hostile body may cause an error per byte, with names as long as the body: bound the size of the response.
  static constexpr std::size_t kMostListed = 100;
  static constexpr std::size_t kMostPathBytes = 256;
  static std::string shortened(const std::string& path) {
    return path.size() <= kMostPathBytes ? path : path.substr(0, kMostPathBytes) + "...";
  }

  std::vector<ValidationError> errors_;
  std::size_t count_ = 0;
  std::size_t capability_errors_ = 0;
};

}  // namespace nexus::panels
