// What a panel's definition calls the panel, for those who have to know before anybody reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nexus {

// Each "id" of the definition, without its escapes: the reader of definitions refuses a second one, but what is asked here
// must not depend on which of them he would take. None: one is no text, or `json` is no object.
std::optional<std::vector<std::string>> ids_in_definition(std::string_view json);

// The one that the reader of definitions takes; empty: an id has then to be made, or the text is no definition.
std::string id_in_definition(std::string_view json);

}  // namespace nexus
