// Reads the arguments of a call. It uses simdjson's on-demand parser, which walks a text once from front to back: each
// value must be read when the parser reaches it.
#pragma once

#include <simdjson.h>

#include <concepts>
#include <cstdint>
#include <expected>
#include <string_view>

#include "nexus/foundation/json/json_reading.h"
#include "nexus/runtime/extensions/call_error.h"

namespace nexus::extensions {

namespace json = simdjson::ondemand;

inline constexpr std::uint64_t kThirtyDaysMs = 30ULL * 24 * 60 * 60 * 1000;
// Added to the lifetime of a suspension, so that the call's own timeout comes first.
inline constexpr std::uint64_t kTtlMarginMs = 60'000;

// Calls `argument(index, value)` for each element of `args_json` until it returns false. An argument that the handler
// left out is null. REQUIRES: checked JSON, an array.
template <std::invocable<std::size_t, json::value> Read>
void for_each_argument(std::string_view args_json, Read argument) {
  const simdjson::padded_string padded = padded_copy(args_json);
  json::parser parser;
  OndemandDocument document;
  json::array array;
  if (!document.parse(parser, padded) || document.get_array().get(array) != simdjson::SUCCESS) {
    return;
  }
  std::size_t index = 0;
  for (auto element : array) {
    json::value value;
    if (element.get(value) != simdjson::SUCCESS || !argument(index++, value)) return;
  }
}

// Calls `member(key, value)` for each member until it returns false. Returns false when `value` is no object.
template <std::invocable<std::string_view, json::value> Read>
bool for_each_option(json::value value, Read member) {
  json::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto field : object) {
    std::string_view key;
    json::value inner;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS || field.value().get(inner) != simdjson::SUCCESS)
      break;
    if (!member(key, inner)) break;
  }
  return true;
}

bool is_null(json::value value);

// Milliseconds, with fractions rounded up. TypeError when `value` is no number, RangeError when it is out of bounds.
// `what`: its name in messages, such as "ms" or "timeoutMs".
std::expected<std::uint64_t, CallError> read_ms(json::value value, std::string_view what, std::uint64_t least,
                                                std::uint64_t most);

}  // namespace nexus::extensions
