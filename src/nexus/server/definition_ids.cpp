#include "nexus/server/definition_ids.h"

#include <simdjson.h>

namespace nexus::server {

std::optional<std::vector<std::string>> ids_in_definition(std::string_view json) {
  namespace ondemand = simdjson::ondemand;
  const simdjson::padded_string padded(json);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::object object;
  std::vector<std::string> ids;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
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

}  // namespace nexus::server
