// Builds JSON from parts that are known to be well-formed.
#pragma once

#include <string>
#include <string_view>

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

}  // namespace nexus
