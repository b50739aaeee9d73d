#include "nexus/foundation/model/definition_ids.h"

#include <simdjson.h>

#include "nexus/foundation/json/json_reading.h"

namespace nexus {

std::optional<std::vector<std::string>> ids_in_definition(std::string_view json) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string padded = padded_copy(json);
  ondemand::parser parser;
  OndemandDocument document;
  ondemand::object object;
  std::vector<std::string> ids;
  if (!document.parse(parser, padded) || document.get_object().get(object) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  for (auto field : object) {
    std::string_view key, id;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return std::nullopt;
    if (key != "id") continue;
    if (field.value().get_string().get(id) != simdjson::SUCCESS) return std::nullopt;
    ids.emplace_back(id);
  }
  return ids;
}

std::string id_in_definition(std::string_view json) {
  const auto ids = ids_in_definition(json);
  return ids && !ids->empty() ? ids->back() : std::string();
}

}  // namespace nexus
