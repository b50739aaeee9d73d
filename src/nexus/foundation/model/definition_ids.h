// Finds the ids in a panel's definition before the definition is parsed.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus {

// The value of each "id" member, unescaped. All are returned: the parser of definitions rejects a second id, and the
// check must not depend on the one that it would take. nullopt if an id is not a string or `json` is not an object.
std::optional<std::vector<std::string>> ids_in_definition(std::string_view json);

// The id that the parser of definitions takes. Empty if the server has to generate one, or `json` is not a
// definition.
std::string id_in_definition(std::string_view json);

}  // namespace nexus
