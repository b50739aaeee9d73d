// Pieces of JSON that commands print for programs.
#pragma once

#include <string>
#include <string_view>

#include "nexus/sandbox/json.h"

namespace nexus::app {

inline std::string quoted(std::string_view text) {
  std::string json;
  sandbox::append_json_string(json, text);
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

}  // namespace nexus::app
