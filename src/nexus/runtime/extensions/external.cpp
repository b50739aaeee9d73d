#include "nexus/runtime/extensions/external.h"

#include <fmt/format.h>

#include "nexus/runtime/extensions/arguments.h"

namespace nexus::extensions {
namespace {

std::optional<CallError> read_data(json::value value, std::string& data) {
  std::string_view raw;
  if (simdjson::to_json_string(value).get(raw) != simdjson::SUCCESS) return type_error("data must be JSON");
  if (raw.size() > External::kMostDataBytes) {
    return range_error(fmt::format("data must be at most {} bytes as JSON, and is {}",
                                   External::kMostDataBytes, raw.size()));
  }
  data = raw;
  return std::nullopt;
}

std::optional<CallError> read_options(json::value value, std::optional<std::uint64_t>& ttl_ms) {
  if (is_null(value)) return std::nullopt;
  std::optional<CallError> error;
  const bool is_object = for_each_option(value, [&](std::string_view key, json::value inner) {
    if (key != "ttlMs") {
      error = type_error(fmt::format("{} is no option: there is ttlMs", key));
    } else if (const auto read = read_ms(inner, "ttlMs", External::kLeastTtlMs, kThirtyDaysMs)) {
      ttl_ms = *read;
    } else {
      error = read.error();
    }
    return !error;
  });
  if (!is_object) return type_error("the options must be an object: {ttlMs}");
  return error;
}

}  // namespace

Started External::start(const Call& call, Settlements& settlements) {
  Started started;
  std::optional<CallError> error;
  for_each_argument(call.args_json, [&](std::size_t index, json::value value) {
    if (index == 0) error = read_data(value, started.data_json);
    if (index == 1) error = read_options(value, started.ttl_ms);
    if (index > 1) error = type_error("wait() takes data and options");
    return !error;
  });
  if (!error) return started;
  settlements.settle(call.id, settlement_of(*error));
  return {};
}

}  // namespace nexus::extensions
