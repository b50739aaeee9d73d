// Builds JSON from parts that are known to be well-formed.
#pragma once

#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "nexus/foundation/json/json.h"

namespace nexus {

inline std::string json_string(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

template <class Range, class ToJson>
std::string json_array(const Range& range, ToJson to_json) {
  std::string json = "[";
  for (const auto& item : range) {
    if (json.size() > 1) json += ',';
    json += to_json(item);
  }
  return json + ']';
}

// An object, member by member. Names are written as they are: they need no escape.
class JsonObject {
 public:
  // A boolean, a number, a text, or one that may be missing, which is null.
  template <class T>
  JsonObject& add(std::string_view name, const T& value) {
    begin(name);
    append(value);
    return *this;
  }
  JsonObject& add_json(std::string_view name, std::string_view json) {
    begin(name);
    json_ += json;
    return *this;
  }
  // Once, when all members are there.
  std::string text() { return std::move(json_) + '}'; }

 private:
  void begin(std::string_view name) {
    json_.append(json_.size() > 1 ? ",\"" : "\"").append(name).append("\":");
  }
  void append(std::string_view text) { append_json_string(json_, text); }
  template <class T>
    requires std::is_arithmetic_v<T>
  void append(T value) {
    fmt::format_to(std::back_inserter(json_), "{}", value);
  }
  template <class T>
  void append(const std::optional<T>& value) {
    value ? append(*value) : void(json_ += "null");
  }

  std::string json_ = "{";
};

}  // namespace nexus
